import type { App } from '../../src/compose.ts';
import { toGlobalId, uuidOf } from '../../src/kernel/ids.ts';
import { OPERATOR_PERMISSIONS, ORGANIZATION_ROLES, type OrganizationRole } from '../../src/kernel/permissions.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { hashSecret } from '../../src/platform/crypto/passwords.ts';
import { randomToken, sha256 } from '../../src/platform/crypto/tokens.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { databaseOf, type TestApp } from './app.ts';
import { openSessionBy } from './sessions.ts';

export const PASSWORD = 'correct horse battery staple';

/** One organization full of data, with a key of every role. All ids are global ids. */
export interface World {
  readonly organizationId: string;
  readonly slug: string;
  readonly orgUuid: string;
  readonly keys: Readonly<Record<OrganizationRole, string>>;
  readonly members: Readonly<Record<OrganizationRole, string>>;
  readonly email: (role: OrganizationRole) => string;
  /** The owner's API key. */
  readonly apiKeyId: string;
  /** The viewer's API key. */
  readonly viewerKeyId: string;
  /** An invitation that is open. */
  readonly invitationId: string;
  /** What was sent with another one, to an address that has no account. */
  readonly invitationToken: string;
  readonly workflowIds: readonly string[];
  readonly taskId: string;
  readonly versionId: string;
  readonly scheduleId: string;
  readonly executionId: string;
  readonly taskExecutionId: string;
}

export const definition = (name: string, tasks = 3): Record<string, unknown> => ({
  document: { dsl: '1.0.0', namespace: 'test', name, version: '1.0.0' },
  do: Array.from({ length: tasks }, (_, index) => ({ [`task${index}`]: { set: { index } } })),
});

/** An administrator of the platform, with a session. */
export async function appointOperator({ app, database }: TestApp, email = 'operator@platform.test'): Promise<{ userId: string; token: string }> {
  const userId = await app.preTenant.ensureIdentity(email, 'Operator');
  await withClient(database.ownerUrl, (client) => client.query("UPDATE iam.users SET system_role = 'super_admin' WHERE id = $1", [userId]));
  return { userId, token: await signIn(app, email) };
}

/** An access token of the person with this address, who has been given the password. */
export async function signIn(app: App, email: string): Promise<string> {
  await setPassword(app, email);
  return (await openSessionBy(app.services.auth, { email, password: PASSWORD })).accessToken;
}

export async function setPassword(app: App, email: string, password = PASSWORD): Promise<string> {
  const id = await app.preTenant.ensureIdentity(email, null);
  const passwordHash = await hashSecret(password, 'test');
  // Past all walls: the server sets no password but against a token, the former one, or none.
  await withClient(databaseOf(app).superuserUrl, (client) => client.query('UPDATE iam.users SET password_hash = $2 WHERE id = $1', [id, passwordHash]));
  return id;
}

/** An organization made through the use cases, with workflows, schedules, executions, and a key for every role. */
export async function seedWorld(testApp: TestApp, slug: string, operatorId: string, workflows = 3): Promise<World> {
  const { app } = testApp;
  const email = (role: OrganizationRole) => `${role}@${slug}.test`;
  const operator = app.serviceContext(operatorPrincipal(operatorId));
  const made = await app.services.onboarding.createOrganization(operator, { name: `Organization ${slug}`, slug, adminEmail: email('owner'), adminName: 'Owner' });
  const owner = await app.services.auth.authenticate(made.secret!, null);
  const cx = app.serviceContext(owner);
  return runInScope(createScope({ orgId: made.organizationId, userId: owner.userId }), async () => {
    const members: Partial<Record<OrganizationRole, string>> = { owner: toGlobalId('Member', made.memberId) };
    let viewerKeyId = '';
    const keys: Partial<Record<OrganizationRole, string>> = { owner: made.secret! };
    for (const role of ORGANIZATION_ROLES.filter((each) => each !== 'owner')) {
      const { memberId } = await app.services.members.add(cx, { email: email(role), name: `The ${role}`, role });
      members[role] = toGlobalId('Member', memberId);
      const key = await app.services.apiKeys.create(cx, { name: `Key of ${role}`, scopes: ['*'], memberId: members[role] });
      keys[role] = key.secret!;
      if (role === 'viewer') viewerKeyId = toGlobalId('ApiKey', key.apiKeyId);
    }
    const workflowIds: string[] = [];
    for (let index = 0; index < workflows; index++) {
      const { workflowId } = await app.services.workflows.create(cx, { name: `Workflow ${index}`, slug: `workflow-${index}`, definition: definition(`w${index}`) });
      workflowIds.push(toGlobalId('Workflow', workflowId));
    }
    const schedule = await app.services.schedules.create(cx, { workflowId: workflowIds[0]!, name: 'Daily', cron: '0 9 * * *' });
    const execution = await seedExecution(app, made.organizationId, workflowIds[0]!, made.memberId);
    const workflowId = uuidOf('Workflow', workflowIds[0]!)!;
    const task = await app.db.task.findFirstOrThrow({ where: { orgId: made.organizationId, workflowId } });
    const version = await app.db.workflowVersion.findFirstOrThrow({ where: { orgId: made.organizationId, workflowId } });
    const { id: invitationId } = await seedInvitation(app, made.organizationId, made.memberId, `asked@${slug}.test`);
    const { token: invitationToken } = await seedInvitation(app, made.organizationId, made.memberId, `joining@${slug}.test`);
    return {
      organizationId: toGlobalId('Organization', made.organizationId),
      slug,
      orgUuid: made.organizationId,
      keys: keys as World['keys'],
      members: members as World['members'],
      email,
      apiKeyId: toGlobalId('ApiKey', made.apiKeyId),
      viewerKeyId,
      invitationId,
      invitationToken,
      workflowIds,
      taskId: toGlobalId('Task', task.id),
      versionId: toGlobalId('WorkflowVersion', version.id),
      scheduleId: toGlobalId('Schedule', schedule.scheduleId),
      executionId: toGlobalId('WorkflowExecution', execution.id),
      taskExecutionId: toGlobalId('TaskExecution', execution.tasks[0]!.id),
    };
  });
}

/** As inviteMember makes it, but that the token is known here. */
async function seedInvitation(app: App, orgId: string, invitedById: string, email: string): Promise<{ id: string; token: string }> {
  const token = randomToken('ti_');
  const sentAt = new Date();
  const expiresAt = new Date(sentAt.getTime() + 7 * 24 * 60 * 60_000);
  const data = { orgId, email, role: 'viewer' as const, tokenHash: sha256(token), invitedById, sentAt, expiresAt };
  const { id } = await app.db.invitation.create({ data, select: { id: true } });
  return { id: toGlobalId('Invitation', id), token };
}

async function seedExecution(app: App, orgId: string, workflowId: string, memberUuid: string) {
  return app.db.workflowExecution.create({
    data: {
      orgId,
      workflowId: uuidOf('Workflow', workflowId)!,
      version: 1,
      status: 'completed',
      triggeredById: memberUuid,
      engineNamespace: `ns-${orgId}`,
      engineRunId: 'run-1',
      tasks: { create: [{ taskKey: 'task0', status: 'completed' }] },
    },
    include: { tasks: true },
  });
}

function operatorPrincipal(userId: string): Principal {
  const permissions = new Set(OPERATOR_PERMISSIONS);
  return { kind: 'user', userId, systemRole: 'super_admin', credentialId: userId, tenant: null, permissions, rateLimitPerHour: null, memberships: [] };
}
