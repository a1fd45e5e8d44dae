import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { DatabasePool } from '../../../../src/platform/postgres/adapter/index.ts';
import { fromGlobalId } from '../../../../src/kernel/ids.ts';
import type { Leak } from '../part.ts';
import { markersIn } from './marker.ts';
import type { SoakWorld } from './world.ts';

/** Something that goes on beside the soak, until it is stopped. */
export interface Beside {
  readonly leaks: Leak[];
  /** How many times it looked. */
  looks(): number;
  stop(): Promise<void>;
}

/** Which tenant and person a connection still says that it works for, seen by a statement without a scope. */
const LEFT = `SELECT coalesce(current_setting('app.current_org_id', true), '') || coalesce(current_setting('app.current_user_id', true), '')`;

/** Asks a connection of the pool, as the last user has left it, whom it works for: nobody must be the answer. */
export async function lookAtPool(pool: DatabasePool): Promise<Leak[]> {
  const [[left] = []] = (await pool.run([{ text: LEFT, values: [] }])).rows;
  return left === '' ? [] : [{ where: 'a connection that was given back', what: 'it still had the tenant of its last statement' }];
}

/** Takes all connections of a pool at once, so that none is missed. */
export async function lookAtWholePool(pool: DatabasePool, size: number): Promise<Leak[]> {
  const pinned = await Promise.all(Array.from({ length: size }, () => pool.pin()));
  const leaks: Leak[] = [];
  for (const connection of pinned) {
    const outcome = await connection.send([{ text: LEFT, values: [] }]);
    if (!outcome.ok) throw outcome.error;
    const [[left] = []] = outcome.result.rows;
    if (left !== '' || outcome.status !== 'I') leaks.push({ where: 'a connection at the end', what: 'it still had a tenant or an open transaction' });
    connection.release('clean');
  }
  return leaks;
}

const LOOK_EVERY_MS = 20;

/** Looks at connections all the time, between errors, cancellations and commits of others. */
export function watchPools(pools: readonly DatabasePool[]): Beside {
  const leaks: Leak[] = [];
  let [looks, stopped] = [0, false];
  const watch = async (pool: DatabasePool): Promise<void> => {
    while (!stopped) {
      await sleep(LOOK_EVERY_MS);
      // A pool that is busy for too long has no connection to look at this time.
      leaks.push(...(await lookAtPool(pool).catch(() => [])));
      looks += 1;
    }
  };
  const done = Promise.all(pools.map(watch));
  return {
    leaks,
    looks: () => looks,
    async stop() {
      stopped = true;
      await done;
    },
  };
}

const PAYLOAD = /^(key|user|org|session):[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Hears what the database tells all who listen: a kind and an id, nothing that belongs to a tenant. */
export async function listen({ database }: SoakWorld): Promise<Beside> {
  const leaks: Leak[] = [];
  let heard = 0;
  const client = new pg.Client({ connectionString: database.runtimeUrl });
  client.on('notification', ({ channel, payload = '' }) => {
    heard += 1;
    if (!PAYLOAD.test(payload)) leaks.push({ where: `NOTIFY ${channel}`, what: `a payload that is more than a kind and an id: ${payload.slice(0, 80)}` });
  });
  await client.connect();
  await client.query('LISTEN tenantry_access');
  return { leaks, looks: () => heard, stop: () => client.end() };
}

/** Holds one workflow of each tenant locked, so that who changes it runs out of time. */
export async function holdLocks({ database, tenants }: SoakWorld): Promise<() => Promise<void>> {
  const client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
  await client.query('BEGIN');
  const ids = tenants.map(({ lockedId }) => fromGlobalId(lockedId)?.uuid);
  await client.query('SELECT FROM workflow.workflows WHERE id = ANY ($1) FOR UPDATE', [ids]);
  return () => client.end();
}

/**
 * Reads the log: a line says whose request it was and nothing that a tenant has written. The soak names its requests by
 * the tenant, so a line with the organization of another one would show.
 */
export function lookAtLog({ logLines, tenants }: SoakWorld): Leak[] {
  const markers = new Map(tenants.map(({ orgId, marker }) => [orgId, marker]));
  const leaks: Leak[] = [];
  for (const line of logLines) {
    const { requestId = '', orgId = null, ...rest } = JSON.parse(line) as { requestId?: string; orgId?: string | null };
    const [asked] = markersIn(requestId);
    const works = orgId === null ? undefined : markers.get(orgId);
    if (works !== undefined && asked !== undefined && works !== asked) {
      leaks.push({ where: 'log', what: `a line of ${asked} names the organization of ${works}` });
    }
    const text = JSON.stringify(rest);
    if (markersIn(text).length > 0) leaks.push({ where: 'log', what: `what a tenant wrote: ${text.slice(0, 120)}` });
    const foreign = [...markers].find(([id, marker]) => marker !== asked && text.includes(id));
    if (foreign) leaks.push({ where: 'log', what: `a line of ${asked ?? 'nobody'} has the id of ${foreign[1]}` });
  }
  return leaks.slice(0, 20);
}
