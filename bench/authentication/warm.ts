import type { App } from '../../src/compose.ts';
import { median } from '../measure/statistics.ts';
import type { KeyBench } from './world.ts';

/** What a key costs a request that is otherwise the same. */
export interface WarmFigure {
  /** Processor time of a request without a key, and with one, in microseconds. */
  readonly withoutUs: number;
  readonly withUs: number;
  /** The use case alone. */
  readonly authenticateUs: number;
  /** Statements that were sent for all requests with a key. */
  readonly statements: number;
}

/** Requests before the first that is measured: by then the compiler has seen all of it. */
const WARM_UP = 4_000;

const QUERY = JSON.stringify({ query: '{ __typename }' });

async function ask(app: App, headers: Record<string, string>, times: number): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    const response = await app.api.fetch('http://bench.test/graphql', { method: 'POST', headers: { 'content-type': 'application/json', ...headers }, body: QUERY });
    await response.text();
  }
}

async function usPer(times: number, work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}

/** The same requests with and without a key by short turns, in one process: what disturbs the machine disturbs both. */
export async function measureWarm({ keys, open }: KeyBench, rounds: number, times: number): Promise<WarmFigure> {
  const app = await open();
  try {
    const [key] = keys;
    const authorization = { authorization: `Bearer ${key}` };
    await ask(app, {}, WARM_UP);
    await ask(app, authorization, WARM_UP);
    const [without, withKey, alone]: number[][] = [[], [], []];
    let statements = 0;
    const stop = app.pool.observe(() => (statements += 1));
    for (let round = 0; round < rounds; round += 1) {
      without!.push(await usPer(times, () => ask(app, {}, times)));
      withKey!.push(await usPer(times, () => ask(app, authorization, times)));
      alone!.push(await usPer(times, async () => {
        for (let count = 0; count < times; count += 1) await app.services.auth.authenticate(key!, null);
      }));
    }
    stop();
    return { withoutUs: median(without!), withUs: median(withKey!), authenticateUs: median(alone!), statements };
  } finally {
    await app.close();
  }
}
