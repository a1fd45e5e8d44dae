import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '../../src/kernel/ids.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createPlatformDatabase } from '../../src/platform/postgres/platform-database.ts';
import { openTrailWorld, type TrailWorld } from '../audit/trail.ts';
import { seedWorld, signIn, type World } from '../harness/world.ts';

let world: TrailWorld;
let other: World;
beforeAll(async () => {
  world = await openTrailWorld();
  other = await seedWorld(world.api, 'other', world.operator.userId);
});
afterAll(() => world?.close());

const asOperator = (query: string, variables: Record<string, unknown> = {}) => world.api.call(query, variables, { as: world.operator.token });
const ORGANIZATIONS = `query ($first: Int, $after: String, $status: OrganizationStatus) {
  platformOrganizations(first: $first, after: $after, status: $status) {
    edges { node { id slug status memberCount plan } } pageInfo { hasNextPage endCursor }
  }
}`;
const slugsOf = ({ data }: { data: any }) => data.platformOrganizations.edges.map(({ node }: { node: { slug: string } }) => node.slug);

describe('an operator of the platform', () => {
  test('sees every organization but the one of the platform itself, the newest first, page by page', async () => {
    const all = await asOperator(ORGANIZATIONS);
    expect(slugsOf(all)).toEqual(['other', 'acme']);
    expect(all.data.platformOrganizations.edges[1].node).toEqual({ id: world.acme.organizationId, slug: 'acme', status: 'ACTIVE', memberCount: 6, plan: 'FREE' });
    const seen: string[] = [];
    let after: string | null = null;
    do {
      const page: any = await asOperator(ORGANIZATIONS, { first: 1, after });
      seen.push(...slugsOf(page));
      after = page.data.platformOrganizations.pageInfo.hasNextPage ? page.data.platformOrganizations.pageInfo.endCursor : null;
    } while (after !== null);
    expect(seen).toEqual(['other', 'acme']);
  });

  test('sees those of one status, and how many there are of each', async () => {
    await world.mutate('suspendOrganization', { id: other.organizationId }, world.operator.token);
    expect(slugsOf(await asOperator(ORGANIZATIONS, { status: 'SUSPENDED' }))).toEqual(['other']);
    const totals = '{ platformTotals { status organizationCount } }';
    expect((await asOperator(totals)).data.platformTotals).toEqual([
      { status: 'ACTIVE', organizationCount: 1 },
      { status: 'SUSPENDED', organizationCount: 1 },
    ]);
    await world.mutate('activateOrganization', { id: other.organizationId }, world.operator.token);
  });

  test('sees what each has used in a month', async () => {
    for (let call = 0; call < 3; call += 1) await world.api.call('{ organization { id } }', {}, { as: world.acme.keys.viewer });
    await world.api.app.keyUsage.flush();
    const query = 'query ($month: String, $first: Int, $after: String) { platformUsage(month: $month, first: $first, after: $after) { edges { cursor node { organizationId requestCount memberCount eventCount } } pageInfo { hasNextPage } } }';
    const { data } = await asOperator(query);
    const [, used] = await world.sql('SELECT sum(used) FROM iam.api_key_usage GROUP BY org_id');
    expect(used).toBeUndefined();
    const [head] = await world.sql('SELECT position FROM events.heads WHERE org_id = $1', world.acme.orgUuid);
    const usage = data.platformUsage.edges.map(({ node }: { node: object }) => node);
    expect(usage).toContainEqual({ organizationId: world.acme.organizationId, requestCount: 3, memberCount: 6, eventCount: Number(head!['position']) });
    expect(usage).toContainEqual(expect.objectContaining({ organizationId: other.organizationId, requestCount: 0 }));
    expect(usage).toHaveLength(2);
    const before = await asOperator(query, { month: '2020-01' });
    expect(before.data.platformUsage.edges.every(({ node }: { node: { requestCount: number } }) => node.requestCount === 0)).toBe(true);
    const next = await asOperator(query, { after: data.platformUsage.edges[0].cursor });
    expect(next.data.platformUsage.edges).toEqual(data.platformUsage.edges.slice(1).map(({ node }: { node: object }) => ({ cursor: expect.any(String), node })));
  });

  test('is told what is no month, no cursor of the list, and too much at once', async () => {
    for (const args of ['month: "2026-13"', 'month: "now"', 'after: "x"', 'first: 0', 'first: 101']) {
      expect((await asOperator(`{ platformUsage(${args}) { pageInfo { hasNextPage } } }`)).errors?.[0]?.extensions.code).toBe('VALIDATION_FAILED');
    }
    const { data } = await asOperator(ORGANIZATIONS, { first: 1 });
    const { endCursor: after } = data.platformOrganizations.pageInfo;
    expect((await asOperator(ORGANIZATIONS, { after, status: 'ACTIVE' })).errors?.[0]?.extensions.code).toBe('VALIDATION_FAILED');
  });

  test('is written down in the log of the platform, whichever organization it works in, and in no other', async () => {
    const headers = { 'x-organization-id': world.acme.organizationId };
    await world.api.call('{ viewer { kind } }', {}, { as: world.operator.token, headers });
    const { events } = await world.eventsOf(() => world.api.call('{ platformOrganizations(status: ACTIVE) { pageInfo { hasNextPage } } }', {}, { as: world.operator.token, headers }));
    expect(events).toMatchObject([
      { orgId: '00000000-0000-0000-0000-000000000000', type: 'PLATFORM.READ', data: { what: 'organizations', status: 'active' }, actor: { kind: 'user', userId: world.operator.userId, membershipId: null } },
    ]);
  });

  test('is shown nothing when that cannot be written down', async () => {
    await world.sql('REVOKE EXECUTE ON FUNCTION events.append_each(jsonb) FROM tenantry_runtime');
    const { data, errors } = await asOperator('{ platformTotals { organizationCount } }');
    await world.sql('GRANT EXECUTE ON FUNCTION events.append_each(jsonb) TO tenantry_runtime');
    expect(data?.platformTotals ?? null).toBeNull();
    expect(errors?.[0]?.extensions.code).toBe('INTERNAL');
  });
});

describe('nobody else', () => {
  const QUERIES = ['{ platformOrganizations { pageInfo { hasNextPage } } }', '{ platformUsage { pageInfo { hasNextPage } } }', '{ platformTotals { organizationCount } }'];

  test.each(QUERIES)('%s', async (query) => {
    const owner = await signIn(world.api.app, world.acme.email('owner'));
    expect((await world.api.call(query)).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
    expect((await world.api.call(query, {}, { as: owner })).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
    expect((await world.api.call(query, {}, { as: world.acme.keys.owner })).errors?.[0]?.extensions.code).toBe('FORBIDDEN');
  });

  test('past the lock of the schema: the database refuses whoever is no active super administrator', async () => {
    const platform = createPlatformDatabase(world.api.app.pool);
    const [row] = await world.sql('SELECT id FROM iam.users WHERE email = $1', world.acme.email('owner'));
    const asks = (userId: string) => [
      platform.listOrganizations(userId, { status: null, after: null, limit: 1 }),
      platform.listUsage(userId, { period: '2026-01-01', after: null, limit: 1 }),
      platform.countOrganizations(userId),
    ];
    const refused = { status: 'rejected', reason: { code: 'FORBIDDEN' } };
    expect(await Promise.allSettled(asks(row!['id']))).toMatchObject([refused, refused, refused]);
    await world.sql(`UPDATE iam.users SET status = 'suspended' WHERE id = $1`, world.operator.userId);
    expect(await Promise.allSettled(asks(world.operator.userId))).toMatchObject([refused, refused, refused]);
    await world.sql(`UPDATE iam.users SET status = 'active' WHERE id = $1`, world.operator.userId);
    await Promise.all(asks(world.operator.userId));
  });

  test('by the tables: the server still sees one organization at a time, and an operator without one none', async () => {
    const { db } = world.api.app;
    const orgId = uuidOf('Organization', world.acme.organizationId)!;
    const seen = await runInScope(createScope({ orgId, userId: world.operator.userId }), () => db.$queryRaw<object[]>`SELECT id FROM iam.organizations`);
    expect(seen).toHaveLength(1);
    const outside = runInScope(createScope({ orgId: null, userId: world.operator.userId }), async () => db.$queryRaw<object[]>`SELECT id FROM iam.organizations`);
    await expect(outside).rejects.toThrow('no organization in the context');
    const client = new pg.Client({ connectionString: world.api.database.runtimeUrl });
    await client.connect();
    await expect(client.query('SET ROLE tenantry_platform')).rejects.toThrow('permission denied');
    await expect(client.query('SELECT platform.require_operator()')).rejects.toThrow('permission denied');
    await client.end();
  });
});
