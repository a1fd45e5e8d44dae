import { generateApiKey } from '../../src/domains/auth/index.ts';
import { UnauthenticatedError } from '../../src/kernel/errors.ts';
import { percentile } from '../measure/statistics.ts';
import type { KeyBench } from './world.ts';

/** How long right keys that nobody remembers take, alone and beside a flood of wrong ones. */
export interface FloodFigure {
  readonly alone: Latency;
  readonly beside: Latency;
  /** Wrong keys a second that were worked out, and that were refused before any work. */
  readonly guessed: number;
  readonly refused: number;
}

export interface Latency {
  readonly p50Ms: number;
  readonly p95Ms: number;
}

const NETWORKS = 50;
/** So many of each network are under way at any time: more than may wait. */
const EACH = 8;
/** Whoever is refused does not ask again at once. */
const REFUSED_WAIT_MS = 100;

const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** The first use of each key, one after the other, in a process that has seen none. */
async function measureCold({ keys, open }: KeyBench, flood: (authenticate: (token: string, address: string) => Promise<boolean>) => () => Promise<void>): Promise<Latency> {
  const app = await open();
  try {
    const stop = flood(async (token, address) => {
      const answer = app.services.auth.authenticate(token, null, {}, { address, origin: null });
      return answer.then(() => false, (error: unknown) => error instanceof UnauthenticatedError);
    });
    await wait(500);
    const took: number[] = [];
    for (const key of keys) {
      const start = performance.now();
      await app.services.auth.authenticate(key, null, {}, { address: '192.0.2.1', origin: null });
      took.push(performance.now() - start);
    }
    await stop();
    const values = Float64Array.from(took);
    return { p50Ms: percentile(values, 0.5), p95Ms: percentile(values, 0.95) };
  } finally {
    await app.close();
  }
}

/** Right keys alone, then beside wrong ones from many networks, which are well formed so that each is looked up and worked out. */
export async function measureFlood(bench: KeyBench): Promise<FloodFigure> {
  const alone = await measureCold(bench, () => () => Promise.resolve());
  let [guessed, refused, seconds] = [0, 0, 0];
  const beside = await measureCold(bench, (authenticate) => {
    let over = false;
    const start = performance.now();
    const guess = async (address: string): Promise<void> => {
      while (!over) {
        if (await authenticate(generateApiKey(), address)) guessed += 1;
        else {
          refused += 1;
          await wait(REFUSED_WAIT_MS);
        }
      }
    };
    const guessing = Array.from({ length: NETWORKS * EACH }, (_, index) => guess(`198.51.100.${index % NETWORKS}`));
    return async () => {
      over = true;
      seconds = (performance.now() - start) / 1_000;
      await Promise.all(guessing);
    };
  });
  return { alone, beside, guessed: guessed / seconds, refused: refused / seconds };
}
