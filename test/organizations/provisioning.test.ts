import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createOnboardingService, provisioningOn, ProvisioningFailedError, sweep } from '../../src/domains/onboarding/index.ts';
import type { ProvisioningEngine } from '../../src/domains/organizations/index.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { codeOf, openWorld, outcomeOf, type World } from '../domains/world.ts';

/** An engine that does what the test says, and remembers what it was asked for. */
const asked: string[] = [];
let ensure: () => Promise<void>;
let retire: (namespace: string) => Promise<void>;
const engine: ProvisioningEngine = {
  ensureNamespace({ namespace }) {
    asked.push(`ensure ${namespace}`);
    return ensure();
  },
  retireNamespace({ namespace }) {
    asked.push(`retire ${namespace}`);
    return retire(namespace);
  },
};
const never = () => Promise.reject(new Error('the engine is away'));
const done = () => Promise.resolve();

let world: World;
beforeAll(async () => {
  world = await openWorld({ engine });
});
afterAll(() => world?.close());
beforeEach(() => {
  asked.length = 0;
  ensure = done;
  retire = done;
});

let count = 0;
const newcomer = () => ({ name: `Newcomer ${(count += 1)}`, adminEmail: `owner-${count}@newcomer.test`, idempotencyKey: `newcomer-${count}` });
type Input = Parameters<World['onboarding']['createOrganization']>[1];
const create = (input: Input) => world.as(world.operator, (cx) => world.onboarding.createOrganization(cx, input));
const retry = (orgId: string) => world.as(world.operator, (cx) => world.onboarding.retryProvisioning(cx, { id: toGlobalId('Organization', orgId) }));
const failedIdOf = async (work: Promise<unknown>): Promise<string> => {
  const failure = await work.catch((error: unknown) => error);
  if (!(failure instanceof ProvisioningFailedError)) throw failure;
  return failure.organizationId;
};
const rowOf = async (orgId: string) => (await world.sql('SELECT status::text, status_reason, engine_namespace FROM iam.organizations WHERE id = $1', orgId))[0];
const typesOf = async (orgId: string) => (await world.sql('SELECT type FROM events.events WHERE org_id = $1 ORDER BY position', orgId)).map(({ type }) => type);
const keysOf = (orgId: string) => world.sql('SELECT id FROM iam.api_keys WHERE org_id = $1', orgId);
const sweepNow = async () => {
  const failures: unknown[] = [];
  const { preTenant, db, events } = world;
  const provisioning = { ...provisioningOn(engine, () => undefined), wait: done };
  await sweep({ preTenant, db, events, clock: { now: world.now }, provisioning, accessChanged: world.auth.forget, onFailure: (error) => failures.push(error) });
  return failures;
};
/** Lets a minute go by for one organization, or for those whose slug begins so; their order stays as it is. */
const older = (which: string) =>
  world.sql(`ALTER TABLE iam.organizations DISABLE TRIGGER touch_updated_at; UPDATE iam.organizations SET updated_at = updated_at - interval '61 seconds' WHERE id::text = '${which}' OR slug LIKE '${which}%'; ALTER TABLE iam.organizations ENABLE TRIGGER touch_updated_at`);

describe('an organization comes onto the engine', () => {
  test('and is in use with its key as soon as the engine is ready', async () => {
    const { organizationId, secret } = await create(newcomer());
    expect(asked).toEqual([`ensure ${(await rowOf(organizationId))?.['engine_namespace']}`]);
    expect(await codeOf(world.auth.authenticate(secret ?? '', null))).toBe('ok');
    expect(await typesOf(organizationId)).toEqual(['ORGANIZATION.CREATED', 'MEMBER.ADDED', 'ORGANIZATION.PROVISIONED', 'API_KEY.CREATED']);
  });

  test('also when the engine is ready at the fourth try only', async () => {
    let tries = 0;
    ensure = () => ((tries += 1) < 4 ? never() : done());
    const { secret } = await create(newcomer());
    expect(asked).toHaveLength(4);
    expect(secret).toMatch(/^tk_/);
  });

  test('or is told as failed, without a key, and nobody gets in until a retry has succeeded', async () => {
    ensure = never;
    const input = newcomer();
    const orgId = await failedIdOf(create(input));
    expect(await rowOf(orgId)).toMatchObject({ status: 'provisioning_failed', status_reason: 'The engine could not be set up.' });
    expect(await typesOf(orgId)).toEqual(['ORGANIZATION.CREATED', 'MEMBER.ADDED', 'ORGANIZATION.PROVISIONING_FAILED']);
    expect(await keysOf(orgId)).toEqual([]);
    expect(await codeOf(world.signIn(input.adminEmail, orgId))).toBe('ORG_NOT_ACTIVE');
    // The same request again is answered as it was, without another try.
    expect(await failedIdOf(create(input))).toBe(orgId);
    expect(asked).toHaveLength(4);
    expect(await failedIdOf(retry(orgId))).toBe(orgId);
    ensure = done;
    const { secret, apiKeyId } = await retry(orgId);
    expect(await world.auth.authenticate(secret ?? '', null)).toMatchObject({ credentialId: apiKeyId, tenant: { orgId, role: 'owner' } });
    expect(await codeOf(retry(orgId))).toBe('INVALID_TRANSITION');
    expect(await keysOf(orgId)).toHaveLength(1);
  });

  test('by nobody else than the platform', async () => {
    const { owner, orgId } = await world.found('Somebody');
    expect(await codeOf(world.as(owner, (cx) => world.onboarding.retryProvisioning(cx, { id: toGlobalId('Organization', orgId) })))).toBe('FORBIDDEN');
    expect(await codeOf(retry('0192d3a4-1111-7222-8333-44445555beef'))).toBe('NOT_FOUND');
  });
});

/** A process that dies while the engine works: what it began is there, and nothing after it. */
async function interrupted(input: Input): Promise<string> {
  const dead = new Error('the process was killed');
  const onboarding = createOnboardingService({
    preTenant: world.preTenant,
    secretKey: 'a secret of the tests that is long enough',
    hashing: { hash: () => Promise.reject(dead), verify: () => Promise.reject(dead) },
    provisioning: { ...provisioningOn(engine, () => undefined), wait: done },
    mailer: { send: () => undefined, settled: done, close: done },
    mails: { publicUrl: 'http://localhost:4000', product: 'Tenantry' },
  });
  await world.as(world.operator, (cx) => onboarding.createOrganization(cx, input)).catch((error: unknown) => {
    if (error !== dead) throw error;
  });
  const [row] = await world.sql('SELECT id FROM iam.organizations WHERE name = $1', input.name);
  expect(await rowOf(row?.['id'] as string)).toMatchObject({ status: 'provisioning' });
  return row?.['id'] as string;
}

describe('what a killed process leaves', () => {
  test('is carried on with by the sweep: one active organization, one namespace, and no key that nobody saw', async () => {
    const input = newcomer();
    const orgId = await interrupted(input);
    // So young it may still be under way.
    expect(await sweepNow()).toEqual([]);
    expect(await rowOf(orgId)).toMatchObject({ status: 'provisioning' });
    await older(orgId);
    await Promise.all([sweepNow(), sweepNow()]);
    expect(await rowOf(orgId)).toMatchObject({ status: 'active' });
    expect(new Set(asked).size).toBe(1);
    expect(await typesOf(orgId)).toEqual(['ORGANIZATION.CREATED', 'MEMBER.ADDED', 'ORGANIZATION.PROVISIONED']);
    expect(await world.sql("SELECT actor_kind FROM events.events WHERE org_id = $1 AND type = 'ORGANIZATION.PROVISIONED'", orgId)).toEqual([{ actor_kind: 'system' }]);
    expect(await keysOf(orgId)).toEqual([]);
    // Whoever asked for it asks again, and gets what the answer that was lost had: once.
    const { secret, replayed } = await create(input);
    expect([replayed, await codeOf(world.auth.authenticate(secret ?? '', null))]).toEqual([true, 'ok']);
    expect(await create(input)).toMatchObject({ organizationId: orgId, secret: null });
  });

  test('is carried on with by the same request, however many send it at once: one key, shown once', async () => {
    const input = newcomer();
    const orgId = await interrupted(input);
    const answers = await Promise.all(Array.from({ length: 4 }, () => create(input)));
    expect(new Set(answers.map(({ organizationId, apiKeyId }) => `${organizationId} ${apiKeyId}`)).size).toBe(1);
    expect(answers.filter(({ secret }) => secret !== null)).toHaveLength(1);
    expect(await keysOf(orgId)).toHaveLength(1);
    expect((await typesOf(orgId)).filter((type) => type === 'ORGANIZATION.PROVISIONED')).toHaveLength(1);
  });

  test('is told as failed when the engine stays away, and does not keep the sweep from others', async () => {
    const [first, second] = [await interrupted(newcomer()), await interrupted(newcomer())];
    await Promise.all([first, second].map(older));
    ensure = never;
    expect(await sweepNow()).toEqual([]);
    for (const orgId of [first, second]) expect(await rowOf(orgId)).toMatchObject({ status: 'provisioning_failed' });
  });

  test('and cannot be written down is told to the operator, and keeps the sweep from no other', async () => {
    const [first, second] = [await interrupted(newcomer()), await interrupted(newcomer())];
    await Promise.all([first, second].map(older));
    await world.sql(`ALTER TABLE events.events ADD CONSTRAINT closed CHECK (org_id <> '${first}') NOT VALID`);
    const failures = await sweepNow();
    await world.sql('ALTER TABLE events.events DROP CONSTRAINT closed');
    expect(failures).toHaveLength(1);
    expect([await rowOf(first), await rowOf(second)]).toMatchObject([{ status: 'provisioning' }, { status: 'active' }]);
    await older(first);
    expect(await sweepNow()).toEqual([]);
    expect(await rowOf(first)).toMatchObject({ status: 'active' });
  });
});

describe('the namespace of a deleted organization', () => {
  const leave = (slug: string, howMany: number) =>
    world.sql(
      `INSERT INTO iam.organizations (name, slug, status, engine_namespace, deleted_at, updated_at)
       SELECT $1 || n, $1 || n, 'deleted', $1 || n, now() - interval '1 day', now() - interval '1 day' FROM generate_series(1, $2::integer) n`,
      slug,
      howMany,
    );
  const settleAll = () => world.sql("UPDATE iam.organizations SET namespace_retired_at = now() WHERE status = 'deleted'");

  test('is not kept by more of them than a sweep takes, which the engine refuses for good', async () => {
    await leave('refused-', 100);
    await leave('waiting-', 1);
    await world.sql("UPDATE iam.organizations SET deleted_at = now() - interval '1 hour' WHERE slug = 'waiting-1'");
    await older('refused-');
    await world.sql('ALTER TABLE iam.organizations DISABLE TRIGGER touch_updated_at');
    await world.sql("UPDATE iam.organizations SET updated_at = now() - interval '1 hour' WHERE slug = 'waiting-1'");
    await world.sql('ALTER TABLE iam.organizations ENABLE TRIGGER touch_updated_at');
    retire = (namespace) => (namespace.startsWith('refused') ? never() : done());
    await sweepNow();
    expect(asked).toHaveLength(100);
    expect(asked).not.toContain('retire waiting-1');
    await older('refused-');
    await sweepNow();
    expect(asked).toContain('retire waiting-1');
    await settleAll();
  });

  test('waits for no other that the engine takes its time with', async () => {
    await leave('slow-', 2);
    let bothAsked = (): void => undefined;
    const meeting = new Promise<void>((resolve) => {
      bothAsked = resolve;
    });
    // The first is answered when the second has been asked: one after the other they would never end.
    retire = () => {
      if (asked.length === 2) bothAsked();
      return meeting;
    };
    expect(await sweepNow()).toEqual([]);
    expect(asked).toHaveLength(2);
    await settleAll();
  });

  test('is given back at once, or by the sweep when the engine was away: until it was', async () => {
    const { owner, orgId } = await world.found(`Gone ${(count += 1)}`);
    retire = never;
    const slug = (await world.sql('SELECT slug FROM iam.organizations WHERE id = $1', orgId))[0]?.['slug'] as string;
    expect(await outcomeOf(world.as(owner, (cx) => world.lifecycle.remove(cx, { slug })))).toEqual({ organizationId: orgId });
    const retired = async () => (await world.sql('SELECT namespace_retired_at AS at FROM iam.organizations WHERE id = $1', orgId))[0]?.['at'];
    expect(await retired()).toBeNull();
    // By one clock, whatever that of this process says: it is still being done by whoever has deleted it.
    world.pass(120_000);
    asked.length = 0;
    await sweepNow();
    expect(asked).toEqual([]);
    await older(orgId);
    await sweepNow();
    expect(asked).toHaveLength(1);
    expect(await retired()).toBeNull();
    retire = done;
    await older(orgId);
    await sweepNow();
    expect(await retired()).toBeInstanceOf(Date);
    asked.length = 0;
    await sweepNow();
    expect(asked).toEqual([]);
  });
});
