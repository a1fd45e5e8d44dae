import type { Leak } from '../part.ts';
import { holdLocks, listen, lookAtLog, lookAtWholePool, watchPools } from './around.ts';
import { lookAfterwards } from './after.ts';
import { soak, type SoakOptions } from './run.ts';
import { startSoakWorld, type SoakWorldOptions } from './world.ts';

export interface WholeSoakOptions extends Omit<SoakWorldOptions, 'progress'>, SoakOptions {
  /** Named in what is reported. */
  readonly name: string;
}

export interface WholeSoak {
  readonly leaks: readonly Leak[];
  /** What went wrong without being a leak. */
  readonly wrong: readonly string[];
  readonly works: number;
  readonly requests: number;
  readonly summary: string;
}

/** Connections of each server to the database, so that every one of them serves many tenants. */
const POOL_SIZE = 8;

/** A soak with all that is looked at during and after it, on a database of its own. */
export async function wholeSoak({ name, requests, connections, progress, environment = {}, ...options }: WholeSoakOptions): Promise<WholeSoak> {
  const world = await startSoakWorld({
    ...options,
    environment: { DATABASE_POOL_SIZE: String(POOL_SIZE), ...environment },
    progress: () => progress(0),
  });
  try {
    const pools = [world.patient.app.pool, world.hurried.app.pool];
    const unlock = await holdLocks(world);
    const beside = [watchPools(pools), await listen(world)];
    const startedAt = performance.now();
    const run = await soak(world, { requests, connections, progress });
    const seconds = (performance.now() - startedAt) / 1_000;
    await unlock();
    for (const each of beside) await each.stop();
    const pooled = (await Promise.all(pools.map((pool) => lookAtWholePool(pool, POOL_SIZE)))).flat();
    const after = await lookAfterwards(world, run);
    const leaks = [...run.witness.leaks, ...beside.flatMap((each) => each.leaks), ...pooled, ...after.leaks, ...lookAtLog(world)];
    const [poolLooks = 0, heard = 0] = beside.map((each) => each.looks());
    const count = (value: number): string => value.toLocaleString('en-US');
    return {
      leaks: leaks.map(({ where, what }) => ({ where: `${name}: ${where}`, what })),
      wrong: [...run.wrong, ...after.wrong].map((what) => `${name}: ${what}`),
      works: run.works,
      requests: run.requests,
      summary:
        `${name}: ${count(run.requests)} requests of ${world.tenants.length} tenants over ${connections} connections in ${count(Math.round(seconds))} s, ` +
        `${count(run.cancelled)} cancelled, ${count(run.overdue)} out of time; ${count(run.witness.rows())} rows in answers looked at, ` +
        `${count(after.rows)} in the tables, ${count(poolLooks)} looks at pooled connections, ${count(world.logLines.length)} log lines, ${count(heard)} notifications`,
    };
  } finally {
    await world.close();
  }
}
