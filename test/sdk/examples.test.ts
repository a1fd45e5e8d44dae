import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServed, type Served } from './served.ts';

const run = promisify(execFile);
const example = (name: string) => fileURLToPath(new URL(`../../examples/${name}.ts`, import.meta.url));

let served: Served;
beforeAll(async () => {
  served = await startServed(117);
});
afterAll(() => served.close());

test('the script makes a workflow and lists every one there is', async () => {
  const { stdout } = await run(process.execPath, [example('script'), served.url, served.acme.keys.member]);
  const [made, ...listed] = stdout.trimEnd().split('\n');
  expect(made).toMatch(/^Made greet-at-.*, version 1\.$/);
  expect(listed).toHaveLength(121);
  expect(listed[0]).toMatch(/^ACTIVE {3}Greet at /);
  expect(listed.at(-1)).toBe('ACTIVE   Older 0');
});

test('the page shows the workflows of its organization, and what is wrong with the new name', async () => {
  const { stdout } = await run(process.execPath, [example('frontend-query'), served.url, served.globex.keys.member]);
  expect(stdout.split('\n')).toEqual([
    '<h1>Organization globex</h1>',
    '<ul>',
    '  <li>Workflow 0 0 9 * * *</li>',
    '  <li>Workflow 1 </li>',
    '  <li>Workflow 2 </li>',
    '</ul>',
    expect.stringMatching(/^<p>name .*<\/p>$/),
    '',
  ]);
});

test('a wrong key ends the script with the code', async () => {
  await expect(run(process.execPath, [example('script'), served.url, 'tk_wrong'])).rejects.toMatchObject({
    code: 1,
    stderr: expect.stringContaining("code: 'UNAUTHENTICATED'"),
  });
});

test.each(['script', 'frontend-query'])('%s fits on a page: at most 40 lines', (name) => {
  expect(readFileSync(example(name), 'utf8').trimEnd().split('\n').length).toBeLessThanOrEqual(40);
});
