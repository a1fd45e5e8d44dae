import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '../../src/kernel/ids.ts';
import { definition } from '../harness/world.ts';
import { type TrailWorld, openTrailWorld, typesOf } from './trail.ts';

let world: TrailWorld;
let as: string;
beforeAll(async () => {
  world = await openTrailWorld();
  as = world.acme.keys.owner;
  await world.api.call('{ viewer { kind } }', {}, { as });
});
afterAll(() => world?.close());

const describeOrganization = (description: string) => world.eventsOf(() => world.mutate('updateOrganization', { description }, as));
const described = async (): Promise<unknown> => (await world.sql('SELECT description FROM iam.organizations WHERE id = $1', world.acme.orgUuid))[0]?.['description'];

describe('a change and its event stand or fall together', () => {
  afterEach(() => world.sql('DROP FUNCTION IF EXISTS public.refuse CASCADE'));

  const refuse = (trigger: string) =>
    world.sql(`CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''refused''; END'; ${trigger}`);

  test('they are written by one transaction', async () => {
    const { events } = await describeOrganization('By one transaction');
    const [row] = await world.sql('SELECT xmin::text AS transaction FROM iam.organizations WHERE id = $1', world.acme.orgUuid);
    expect(events.map(({ transaction }) => transaction)).toEqual([row?.['transaction']]);
  });

  test('what fails at the commit leaves neither', async () => {
    await describeOrganization('Before');
    await refuse('CREATE CONSTRAINT TRIGGER refuse AFTER UPDATE ON iam.organizations DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.refuse()');
    const { result, events } = await describeOrganization('Never');
    expect(result.errors?.[0]?.extensions.code).toBe('INTERNAL');
    expect(events).toEqual([]);
    expect(await described()).toBe('Before');
  });

  test('an event that cannot be written takes its change with it', async () => {
    await describeOrganization('Before');
    await refuse('CREATE TRIGGER refuse BEFORE INSERT ON events.events FOR EACH ROW EXECUTE FUNCTION public.refuse()');
    const { result, events } = await describeOrganization('Never');
    expect(result.errors?.[0]?.extensions.code).toBe('INTERNAL');
    expect(events).toEqual([]);
    expect(await described()).toBe('Before');
  });

  test('the positions have no gap after what was rolled back', async () => {
    const { events } = await describeOrganization('After all that');
    const [row] = await world.sql('SELECT max(position) - count(*) AS gap, max(position) AS last FROM events.events WHERE org_id = $1', world.acme.orgUuid);
    expect([Number(row?.['gap']), Number(row?.['last'])]).toEqual([0, events[0]?.position]);
  });
});

describe('a repetition by idempotency key', () => {
  test.each([
    ['createWorkflow', { name: 'Once', definition: definition('once') }],
    ['createApiKey', { name: 'Once', scopes: ['workflow:read'] }],
    ['addMember', { email: 'once@acme.test', role: 'VIEWER' }],
  ])('of %s is nothing that happened again', async (mutation, input) => {
    const send = () => world.eventsOf(() => world.mutate(mutation, { ...input, idempotencyKey: 'one' }, as));
    expect((await send()).events).toHaveLength(1);
    const { result, events } = await send();
    expect(result.data[mutation].__typename).toMatch(/Success$/);
    expect(events).toEqual([]);
  });
});

describe('what an event says', () => {
  test('is what changed of which fields, before and after, and no other field', async () => {
    const id = world.acme.workflowIds[1]!;
    await world.mutate('updateWorkflow', { id, description: 'One' }, as);
    const { events } = await world.eventsOf(() => world.mutate('updateWorkflow', { id, name: 'Workflow 1', description: 'Two', definition: definition('other') }, as));
    expect(events[0]?.data).toEqual({
      before: { description: 'One', currentVersion: 1 },
      after: { description: 'Two', currentVersion: 2 },
    });
    expect(events[0]?.aggregate).toBe(`workflow:${uuidOf('Workflow', id)}`);
  });

  test('of a change that changes nothing is nothing', async () => {
    await world.mutate('updateOrganization', { description: 'Same' }, as);
    expect((await describeOrganization('Same')).events).toEqual([]);
    const revoke = () => world.eventsOf(() => world.mutate('revokeApiKey', { id: world.acme.viewerKeyId }, as));
    expect(typesOf((await revoke()).events)).toEqual(['API_KEY.REVOKED']);
    expect((await revoke()).events).toEqual([]);
  });

  test('tells who left by its own will, and takes the end of every key along', async () => {
    const leave = () => world.mutate('removeMember', { id: world.acme.members.admin }, world.acme.keys.admin);
    const { events } = await world.eventsOf(leave);
    expect(typesOf(events).filter((type) => type !== 'API_KEY.VALIDATED')).toEqual(['MEMBER.LEFT', 'API_KEY.REVOKED']);
    expect(events.find(({ type }) => type === 'API_KEY.REVOKED')?.tags).toContain(`member:${world.acme.members.admin}`);
  });
});
