import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createAttemptSubjects } from '../../src/domains/auth/index.ts';
import { createInvitationService } from '../../src/domains/invitations/index.ts';
import type { ServiceContext } from '../../src/domains/service-context.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { openWorld, PASSWORD, type Tenant, type World } from './world.ts';
import { openSessionBy } from '../harness/sessions.ts';

/**
 * The use cases without the walls of the client and the database. Nobody puts a tenant into their statements here, so
 * every one that touches an organization's rows must name the organization by itself.
 */
let world: World;
let tenant: Tenant;
let other: Tenant;
beforeAll(async () => {
  world = await openWorld({ walls: false });
  tenant = await world.found('Acme');
  other = await world.found('Other');
});
afterAll(() => world?.close());

const definition = (...keys: string[]) => ({
  document: { dsl: '1.0.0', namespace: 'test', name: 'w', version: '1.0.0' },
  do: keys.map((key, index) => ({ [key]: { set: { index } } })),
});

const TABLE = /"?\b(iam|workflow)"?\."?(organizations|memberships|invitations|api_keys|idempotency_keys|workflows|workflow_versions|tasks|schedules|workflow_states|task_states)\b/;

/** Whether a statement says whose rows it means. Rows of the table of organizations are named by their id. */
const namesOrganization = (text: string): boolean => {
  if (/^\s*INSERT/i.test(text)) return /"org_id"/.test(text) || TABLE.exec(text)?.[2] === 'organizations';
  if (TABLE.exec(text)?.[2] === 'organizations') return /\bid"? = \$\d|"id" IN \(\$\d/.test(text);
  return /\borg_id"? = \$\d/.test(text);
};

let unnamed: string[] = [];
let touched = 0;
beforeEach(() => {
  unnamed = [];
  touched = 0;
});

/** Does a use case as the owner, and notes its statements that name no organization. */
const watched = async <Result>(work: (cx: ServiceContext) => Promise<Result>, as: Principal = tenant.owner): Promise<Result> => {
  const stop = world.pool.observe(({ text }) => {
    if (!TABLE.test(text)) return;
    touched += 1;
    if (!namesOrganization(text)) unnamed.push(text);
  });
  try {
    return await world.as(as, work);
  } finally {
    stop();
  }
};

const everyStatementNamedIt = (): void => {
  expect(unnamed).toEqual([]);
  expect(touched).toBeGreaterThan(0);
};

test('of workflows and schedules', async () => {
  const { workflows, schedules } = world;
  const create = (cx: ServiceContext) => workflows.create(cx, { name: 'Same', definition: definition('a', 'b'), idempotencyKey: 'one' });
  const { workflowId } = await watched(create);
  await watched(create);
  const id = toGlobalId('Workflow', workflowId);
  await watched((cx) => workflows.create(cx, { name: 'Same', definition: definition('a') }));
  await watched((cx) => workflows.update(cx, { id, name: 'Changed', definition: definition('b', 'c') }));
  const { scheduleId } = await watched((cx) => schedules.create(cx, { workflowId: id, name: 'Daily', cron: '0 9 * * *' }));
  const schedule = toGlobalId('Schedule', scheduleId);
  await watched((cx) => schedules.update(cx, { id: schedule, cron: '0 8 * * *' }));
  await watched((cx) => schedules.remove(cx, { id: schedule }));
  await watched((cx) => workflows.remove(cx, { id }));
  everyStatementNamedIt();
});

test('of members and keys', async () => {
  const { members, apiKeys } = world;
  const { memberId } = await watched((cx) => members.add(cx, { email: 'new@acme.test', role: 'member', idempotencyKey: 'one' }));
  const id = toGlobalId('Member', memberId);
  await watched((cx) => members.updateRole(cx, { id, role: 'manager' }));
  const { apiKeyId } = await watched((cx) => apiKeys.create(cx, { name: 'Key', scopes: ['*'], memberId: id, idempotencyKey: 'one' }));
  const rotated = await watched((cx) => apiKeys.rotate(cx, { id: toGlobalId('ApiKey', apiKeyId), overlapSeconds: 60 }));
  await watched((cx) => apiKeys.revoke(cx, { id: toGlobalId('ApiKey', rotated.apiKeyId) }));
  await watched((cx) => members.remove(cx, { id }));
  await watched((cx) => members.add(cx, { email: 'new@acme.test', role: 'viewer' }));
  everyStatementNamedIt();
});

test('of several members at once, and of the owner', async () => {
  const { members } = world;
  const add = async (email: string) => toGlobalId('Member', (await watched((cx) => members.add(cx, { email, role: 'member' }))).memberId);
  const ids = [await add('one@acme.test'), await add('two@acme.test')];
  await watched((cx) => members.updateRoles(cx, { changes: ids.map((id) => ({ id, role: 'manager' as const })) }));
  await watched((cx) => members.suspendMany(cx, { ids }));
  await watched((cx) => members.activateMany(cx, { ids }));
  await watched((cx) => members.removeMany(cx, { ids }));
  const heir = await world.join(other, 'admin');
  await watched((cx) => members.transferOwnership(cx, { memberId: toGlobalId('Member', heir.tenant!.membershipId!) }), other.owner);
  everyStatementNamedIt();
});

test('of an organization that rests, and of one that ends with its keys and invitations', async () => {
  const { owner, orgId } = await world.found('Ending');
  const { lifecycle } = world;
  await world.sql(
    `INSERT INTO iam.invitations (org_id, email, role, token_hash, invited_by_id, sent_at, expires_at)
     SELECT org_id, 'open@ending.test', 'member', sha256('any'), id, now(), now() + interval '7 days' FROM iam.memberships WHERE org_id = $1`,
    orgId,
  );
  await watched((cx) => lifecycle.deactivate(cx, {}), owner);
  const outside = { ...owner, tenant: null };
  await watched((cx) => lifecycle.reactivate(cx, { id: toGlobalId('Organization', orgId) }), outside);
  await watched((cx) => lifecycle.remove(cx, { slug: 'ending' }), owner);
  everyStatementNamedIt();
});

test('of what somebody does with an API key', async () => {
  const asKey = await world.auth.authenticate(tenant.ownerKey, null);
  const { apiKeyId } = await watched((cx) => world.apiKeys.create(cx, { name: 'By a key', scopes: ['*'] }), asKey);
  await watched((cx) => world.apiKeys.revoke(cx, { id: toGlobalId('ApiKey', apiKeyId) }), asKey);
  everyStatementNamedIt();
});

test('of invitations', async () => {
  const sent: string[] = [];
  const { preTenant, hashing, auth } = world;
  const invitations = createInvitationService({
    ...{ preTenant, hashing, auth, countAttempt: () => Promise.resolve(null), attemptSubjects: createAttemptSubjects('a secret of the tests') },
    mailer: { send: ({ text }) => void sent.push(text), settled: () => Promise.resolve(), close: () => Promise.resolve() },
    mails: { publicUrl: 'http://localhost', product: 'Tests' },
  });
  const email = 'invited@acme.test';
  await preTenant.ensureIdentity(email, null);
  const input = { email, role: 'viewer', idempotencyKey: 'one' } as const;
  const { invitationId } = await watched((cx) => invitations.invite(cx, input));
  const id = toGlobalId('Invitation', invitationId);
  await watched((cx) => invitations.invite(cx, input));
  world.pass(120_000);
  await watched((cx) => invitations.resend(cx, { id }));
  const token = /ti_[\w-]+/.exec(sent.at(-1) ?? '')?.[0] ?? '';
  const person = await world.signIn(email, null);
  const accepted = await watched((cx) => invitations.accept(cx, { token }), person);
  expect(accepted.organizationId).toBe(tenant.orgId);
  const taken = await watched((cx) => invitations.invite(cx, { email: 'another@acme.test', role: 'viewer' }));
  await watched((cx) => invitations.revoke(cx, { id: toGlobalId('Invitation', taken.invitationId) }));
  everyStatementNamedIt();
});

test('of the organization itself', async () => {
  const id = toGlobalId('Organization', other.owner.tenant!.orgId);
  await watched((cx) => world.organizations.update(cx, { description: 'changed' }));
  await watched((cx) => world.organizations.suspend(cx, { id, reason: 'late' }), world.operator);
  await watched((cx) => world.organizations.activate(cx, { id }), world.operator);
  await watched((cx) => world.onboarding.createOrganization(cx, { name: 'Third', adminEmail: 'third@third.test' }), world.operator);
  everyStatementNamedIt();
});

test('a session names its person in every statement', async () => {
  const unnamedPerson: string[] = [];
  let seen = 0;
  const stop = world.pool.observe(({ text }) => {
    if (!/"iam"\."sessions"/.test(text)) return;
    seen += 1;
    if (!(/^\s*INSERT/i.test(text) ? /"user_id"/ : /"user_id" = \$\d/).test(text)) unnamedPerson.push(text);
  });
  const opened = await openSessionBy(world.auth, { email: tenant.ownerEmail, password: PASSWORD });
  const { accessToken } = await world.auth.refresh({ refreshToken: opened.refreshToken });
  await world.auth.signOut(await world.auth.authenticate(accessToken, null));
  stop();
  expect(unnamedPerson).toEqual([]);
  expect(seen).toBe(3);
});
