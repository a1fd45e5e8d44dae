import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConflictError, ForbiddenError, ValidationError } from '../../src/kernel/errors.ts';
import { openWorld, outcomeOf, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld();
});
afterAll(() => world.close());

const create = (input: Parameters<World['onboarding']['createOrganization']>[1], by = world.operator) =>
  world.as(by, (cx) => world.onboarding.createOrganization(cx, input));

test('an organization is made active with its owner and a key that opens it', async () => {
  const made = await create({ name: 'Café Müller', plan: 'pro', adminEmail: 'Ada@Mueller.test', adminName: 'Ada' });
  expect(made).toMatchObject({ replayed: false, secret: expect.stringMatching(/^tk_\w{32}$/) });
  const [organization] = await world.sql('SELECT * FROM iam.organizations WHERE id = $1', made.organizationId);
  expect(organization).toMatchObject({
    name: 'Café Müller',
    slug: 'cafe-muller',
    status: 'active',
    plan: 'pro',
    engine_namespace: `org-cafe-muller-${made.organizationId.slice(-8)}`,
  });
  expect(await world.auth.authenticate(made.secret ?? '', null)).toMatchObject({
    kind: 'apiKey',
    credentialId: made.apiKeyId,
    tenant: { orgId: made.organizationId, membershipId: made.memberId, role: 'owner' },
    memberships: [{ organizationName: 'Café Müller', organizationSlug: 'cafe-muller', active: true }],
  });
});

test('a name that differs only in case is a conflict and leaves nothing behind', async () => {
  await create({ name: 'Initech', adminEmail: 'a@initech.test' });
  await expect(create({ name: 'INITECH', adminEmail: 'b@initech.test' })).rejects.toThrow(ConflictError);
  const [{ count }] = (await world.sql(`SELECT count(*)::int FROM iam.memberships WHERE email = 'b@initech.test'`)) as [
    { count: number },
  ];
  expect(count).toBe(0);
});

test('a slug made of the name steps aside when it is taken, one that was asked for is a conflict', async () => {
  await create({ name: 'Umbrella Inc', adminEmail: 'a@umbrella.test' });
  const { organizationId } = await create({ name: 'Umbrella, Inc.', adminEmail: 'a@umbrella.test' });
  expect(await world.sql('SELECT slug FROM iam.organizations WHERE id = $1', organizationId)).toEqual([
    { slug: `umbrella-inc-${organizationId.slice(-8)}` },
  ]);
  await expect(create({ name: 'Other', slug: 'umbrella-inc', adminEmail: 'a@umbrella.test' })).rejects.toThrow(
    ConflictError,
  );
});

describe('a repeated request', () => {
  const input = { name: 'Hooli', adminEmail: 'gavin@hooli.test', idempotencyKey: 'k-1' };

  test('finds what the first one made, also when both come at once, and shows no secret again', async () => {
    const both = await Promise.all([create(input), create(input)]);
    // Whoever has the organization activated shows the key, and the other one answers the same without it.
    const [made, found] = both[0].secret === null ? both.toReversed() : both;
    expect(made?.secret).toMatch(/^tk_/);
    expect(found).toEqual({ ...made, secret: null, replayed: !made?.replayed });
    expect(await create(input)).toEqual({ ...made, secret: null, replayed: true });
  });

  test('with another input is a conflict', async () => {
    await expect(create({ ...input, name: 'Hooli XYZ' })).rejects.toThrow(ConflictError);
  });
});

test('only the platform creates organizations: an owner may not, and a key never', async () => {
  const { owner, ownerKey } = await world.found('Pied Piper');
  await expect(create({ name: 'Mine', adminEmail: 'x@y.test' }, owner)).rejects.toThrow(ForbiddenError);
  const key = await world.auth.authenticate(ownerKey, null);
  await expect(create({ name: 'Mine', adminEmail: 'x@y.test' }, key)).rejects.toThrow(ForbiddenError);
});

test.each([
  [{ name: 'ab', adminEmail: 'x@y.test' }, 'name'],
  [{ name: 'a\nb\nc', adminEmail: 'x@y.test' }, 'name'],
  [{ name: '😀a', adminEmail: 'x@y.test' }, 'name'],
  [{ name: 'Fine', slug: 'Not Fine', adminEmail: 'x@y.test' }, 'slug'],
  [{ name: 'Fine', adminEmail: 'nobody' }, 'adminEmail'],
  [{ name: 'Fine', adminEmail: 'x@y.test', plan: 'gold' as 'free' }, 'plan'],
  [{ name: 'Fine', adminEmail: 'x@y.test', orgId: 'smuggled' } as never, 'orgId'],
])('%j is refused for its %s', async (input, field) => {
  const failure = await create(input).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(ValidationError);
  expect((failure as ValidationError).fields.map(({ path }) => path.join('.'))).toEqual([field]);
});

test('the address of the owner may be known elsewhere, and nothing looks different', async () => {
  const known = await create({ name: 'First Home', adminEmail: 'wanderer@home.test' });
  const again = await create({ name: 'Second Home', adminEmail: 'wanderer@home.test' });
  const shape = (made: object) => Object.fromEntries(Object.entries(made).map(([key, value]) => [key, typeof value]));
  expect(shape(again)).toEqual(shape(known));
  expect(await outcomeOf(world.auth.authenticate(again.secret ?? '', known.organizationId))).toMatchObject({
    code: 'FORBIDDEN',
  });
});
