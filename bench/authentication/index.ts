import { type FloodFigure, type Latency, measureFlood } from './flood.ts';
import { measureWarm, type WarmFigure } from './warm.ts';
import { openKeyBench } from './world.ts';

/** What was found out about keys. */
export interface AuthenticationFigures {
  readonly warm: WarmFigure;
  readonly flood: FloodFigure;
}

/** Measures what a key costs, remembered and not, on an embedded database in the directory. */
export async function measureAuthentication(dataDir: string, { quick }: { readonly quick: boolean }): Promise<AuthenticationFigures> {
  const bench = await openKeyBench(dataDir, quick ? 30 : 200);
  try {
    console.error('Keys that are remembered ...');
    const warm = await measureWarm(bench, quick ? 20 : 200, 200);
    console.error('A flood of wrong keys ...');
    return { warm, flood: await measureFlood(bench) };
  } finally {
    await bench.stop();
  }
}

const ms = ({ p50Ms, p95Ms }: Latency): string => `${p50Ms.toFixed(1)} ms | ${p95Ms.toFixed(1)} ms`;

/** The figures for people. */
export function authenticationMarkdown({ warm, flood }: AuthenticationFigures): string {
  const { withoutUs, withUs, authenticateUs, statements } = warm;
  return [
    '## A key that is remembered',
    '',
    'Processor time of a request that asks for `__typename`, in one process, by turns with and without a key.',
    '',
    '| without | with | what the key adds | of that, the use case | statements |',
    '|---|---|---|---|---|',
    `| ${[withoutUs, withUs, withUs - withoutUs, authenticateUs].map((us) => `${us.toFixed(1)} µs`).join(' | ')} | ${statements} |`,
    '',
    '## A flood of wrong keys',
    '',
    'The first use of right keys, one after the other, alone and beside 400 callers of 50 networks who send wrong keys without a pause.',
    '',
    '| | median | p95 |',
    '|---|---|---|',
    `| alone | ${ms(flood.alone)} |`,
    `| beside the flood | ${ms(flood.beside)} |`,
    '',
    `Of the flood ${Math.round(flood.guessed)} a second were worked out, and ${Math.round(flood.refused)} refused before any work.`,
    '',
  ].join('\n');
}
