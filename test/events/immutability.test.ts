import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { type EventWorld, openEventWorld } from './world.ts';

let world: EventWorld;
beforeAll(async () => {
  world = await openEventWorld();
  const { store, as, a } = world;
  await as(a, (cx) => store.append(cx, [{ type: 'DOOR.OPENED', tags: ['door:1'] }, { type: 'DOOR.CLOSED', tags: ['door:1'] }]));
});
afterAll(() => world.close());

/** Every role that can reach the tables at all, from the weakest to the one that nothing holds. */
const ROLES = {
  'the server': () => ({ url: world.database.runtimeUrl, become: null }),
  'a server that row level security does not hold': () => ({ url: world.database.bypassUrl, become: null }),
  'the role that appends': () => ({ url: world.database.superuserUrl, become: 'tenantry_definer' }),
  'the owner of the tables': () => ({ url: world.database.ownerUrl, become: null }),
  'a superuser': () => ({ url: world.database.superuserUrl, become: null }),
};

const CHANGES = [
  `UPDATE events.events SET type = 'DOOR.FORGED'`,
  'UPDATE events.events SET position = position + 10',
  `UPDATE events.events SET data = '{}' WHERE false`,
  'DELETE FROM events.events',
  'TRUNCATE events.events CASCADE',
  `UPDATE events.event_tags SET tag = 'door:2'`,
  'DELETE FROM events.event_tags',
  'TRUNCATE events.event_tags',
  'DELETE FROM events.heads',
  'TRUNCATE events.heads CASCADE',
  'TRUNCATE iam.organizations CASCADE',
  `MERGE INTO events.events e USING (SELECT 1) one ON true WHEN MATCHED THEN DELETE`,
  `INSERT INTO events.events (org_id, id, position, type, data, metadata, tags, actor_kind, source, created_at)
   SELECT org_id, id, position, type, data, metadata, tags, actor_kind, source, created_at FROM events.events
   ON CONFLICT (org_id, id) DO UPDATE SET type = 'DOOR.FORGED'`,
];

const stored = () => world.sql('SELECT e::text, t::text, h::text FROM events.events e JOIN events.event_tags t USING (org_id, position) JOIN events.heads h USING (org_id) ORDER BY 1');

/** PostgreSQL's code of the refusal, or that there was none. */
const tryAs = ({ url, become }: { url: string; become: string | null }, change: string): Promise<string> =>
  withClient(url, async (client: pg.Client) => {
    await client.query('BEGIN');
    await client.query(`SELECT set_config('app.current_org_id', $1, true)`, [world.a.orgId]);
    if (become) await client.query(`SET LOCAL ROLE ${become}`);
    return client.query(change).then(() => 'done', (error: { code: string }) => error.code);
  });

describe.each(Object.entries(ROLES))('%s', (_name, role) => {
  test.each(CHANGES)('is refused: %s', async (change) => {
    const before = await stored();
    expect(before).toHaveLength(2);
    // The right is missing (42501), or the table refuses.
    expect(['42501', 'DCB02']).toContain(await tryAs(role(), change));
    expect(await stored()).toEqual(before);
  });
});

test('it is the table that refuses those who have every right', async () => {
  for (const change of CHANGES) expect([change, await tryAs(ROLES['a superuser'](), change)]).toEqual([change, 'DCB02']);
});

test('an organization that has events cannot be deleted', async () => {
  await expect(world.sql('DELETE FROM iam.organizations WHERE id = $1', world.a.orgId)).rejects.toMatchObject({ code: '23001' });
});

test('without its triggers a change goes through, so it is they who refuse', async () => {
  await withClient(world.database.superuserUrl, async (client) => {
    await client.query('BEGIN; ALTER TABLE events.events DISABLE TRIGGER refuse_change');
    expect((await client.query(`UPDATE events.events SET type = 'DOOR.FORGED'`)).rowCount).toBe(2);
    await client.query('ROLLBACK');
  });
});
