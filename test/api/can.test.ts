import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { ORGANIZATION_ROLES, type OrganizationRole, type Permission, PERMISSIONS } from '../../src/kernel/permissions.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { MUTATION_CALLS, mutationQuery } from '../harness/mutation-calls.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';

/**
 * What `viewer.can` says is what is enforced: the schema is walked, and every mutation that takes a permission is tried by
 * every role, by session and by API key.
 */
interface Locked {
  readonly mutation: string;
  readonly permission: Permission;
  readonly stepUp: boolean;
}

const isPermission = (word: unknown): word is Permission => (PERMISSIONS as readonly unknown[]).includes(word);

const locked: Locked[] = Object.values(schema.getMutationType()!.getFields()).flatMap(({ name, extensions }) => {
  const permission = extensions['access'];
  return isPermission(permission) ? [{ mutation: name, permission, stepUp: extensions['stepUp'] === true }] : [];
});

/** The name of a permission in the schema. */
const wordOf = (permission: Permission) => permission.replace(/([a-z])([A-Z])/g, '$1_$2').replace(':', '_').toUpperCase();

/** What would leave the caller, or the organization, unable to try the next. */
const LAST = new Set(['deactivateOrganization', 'deleteOrganization', 'transferOwnership']);

let api: TestApp;
let operatorId: string;
beforeAll(async () => {
  api = await startTestApp();
  operatorId = (await appointOperator(api)).userId;
});
afterAll(() => api?.close());

const can = async (permission: Permission, as: string): Promise<boolean> =>
  (await api.call(`{ viewer { can(permission: ${wordOf(permission)}) permissions } }`, {}, { as })).data.viewer.can;

async function isLetIn(world: World, mutation: string, as: string): Promise<boolean> {
  const input = MUTATION_CALLS[mutation]!(world);
  const { errors } = await api.call(mutationQuery(mutation, input), { input }, { as });
  const code = errors?.[0]?.extensions.code;
  // Anything else would be an answer of another kind, which says nothing of permissions.
  expect([mutation, code]).toEqual([mutation, code === undefined ? undefined : 'FORBIDDEN']);
  return code === undefined;
}

test('there are mutations of every permission but those for reading', () => {
  const known = new Set(locked.map(({ permission }) => permission));
  expect(PERMISSIONS.filter((permission) => !known.has(permission)).sort()).toEqual(
    ['apiKey:read', 'apiKey:write', 'audit:read', 'event:read', 'member:read', 'organization:read', 'workflow:execute', 'workflow:read'],
  );
  expect(locked.length).toBeGreaterThan(20);
});

describe('viewer.can agrees with what is enforced', () => {
  test.each(ORGANIZATION_ROLES)('for the session of a %s', (role) => agreeFor(role, 'session'));
  test.each(ORGANIZATION_ROLES)('for the API key of a %s', (role) => agreeFor(role, 'key'));
});

async function agreeFor(role: OrganizationRole, kind: 'session' | 'key'): Promise<void> {
  const world = await seedWorld(api, `${role}${kind}`, operatorId);
  const as = kind === 'key' ? world.keys[role] : await signIn(api.app, world.email(role));
  for (const { mutation, permission, stepUp } of locked) {
    const may = await can(permission, as);
    const place = LAST.has(mutation) && may ? await seedWorld(api, `${mutation.toLowerCase()}${role}${kind}`, operatorId, 1) : world;
    const caller = place === world ? as : kind === 'key' ? place.keys[role] : await signIn(api.app, place.email(role));
    // A key has the permission, and no way to prove that a person is there.
    expect([mutation, await isLetIn(place, mutation, caller)]).toEqual([mutation, may && !(stepUp && kind === 'key')]);
  }
}

test('for a key with a few scopes as for its owner, as far as they go', async () => {
  const world = await seedWorld(api, 'scoped', operatorId);
  const make = 'mutation ($scopes: [String!]!) { createApiKey(input: { name: "Few", scopes: $scopes }) { ... on CreateApiKeySuccess { secret } } }';
  const { data } = await api.call(make, { scopes: ['workflow:write', 'organization:write', 'event:append'] }, { as: world.keys.owner });
  const as = data.createApiKey.secret as string;
  for (const { mutation, permission, stepUp } of locked) {
    expect([mutation, await isLetIn(world, mutation, as)]).toEqual([mutation, (await can(permission, as)) && !stepUp]);
  }
});
