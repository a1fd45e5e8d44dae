import { readFileSync } from 'node:fs';

/** The address and API key to use: given on the command line, or those of the demo data that `npm start` has loaded. */
export function endpoint(): { url: string; token: string } {
  const [url, token] = process.argv.slice(2);
  if (url && token) return { url, token };
  const demo = readDemoData();
  return { url: demo.url, token: demo.organizations[0].apiKey };
}

function readDemoData(): { url: string; organizations: [{ apiKey: string }] } {
  try {
    return JSON.parse(readFileSync(new URL('../.data/demo.json', import.meta.url), 'utf8'));
  } catch {
    throw new Error('There is no .data/demo.json: run `npm start` first, or give an address and an API key.');
  }
}
