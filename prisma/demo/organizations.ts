import type { App } from '../../src/compose.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { ORGANIZATION_ROLES, OPERATOR_PERMISSIONS, type OrganizationRole } from '../../src/kernel/permissions.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { hashSecret } from '../../src/platform/crypto/passwords.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { DEMO_WORKFLOWS, definitionOf } from './workflows.ts';

export interface DemoOrganization {
  readonly name: string;
  readonly slug: string;
  readonly id: string;
  readonly users: readonly { readonly email: string; readonly password: string; readonly role: OrganizationRole }[];
  readonly apiKey: string;
}

/** One demo organization, made by the same use cases as any other; made twice, it stays one. */
export async function loadOrganization(app: App, operatorId: string, name: string, slug: string, password: string): Promise<DemoOrganization> {
  const address = (role: OrganizationRole) => `${role}@${slug}.example`;
  const operator = app.serviceContext(operatorPrincipal(operatorId));
  const made = await app.services.onboarding.createOrganization(operator, {
    name,
    slug,
    plan: 'pro',
    adminEmail: address('owner'),
    adminName: 'Olive Owner',
    idempotencyKey: `demo-${slug}`,
  });
  await setPassword(app, address('owner'), password);
  const owner = await signInAs(app, address('owner'), password);
  await runInScope(createScope({ orgId: made.organizationId, userId: owner.userId }), async () => {
    await loadMembers(app, owner, address, password);
    await loadWorkflows(app, owner);
    await loadExecutions(app, owner);
  });
  const apiKey = made.secret ?? (await freshKey(app, owner, made.apiKeyId));
  const users = ORGANIZATION_ROLES.map((role) => ({ email: address(role), password, role }));
  return { name, slug, id: toGlobalId('Organization', made.organizationId), users, apiKey };
}

function operatorPrincipal(userId: string): Principal {
  const permissions = new Set(OPERATOR_PERMISSIONS);
  return { kind: 'user', userId, systemRole: 'super_admin', credentialId: userId, tenant: null, permissions, memberships: [] };
}

async function signInAs(app: App, email: string, password: string): Promise<Principal> {
  const { accessToken } = await app.services.auth.signIn({ email, password, userAgent: 'demo data' });
  return app.services.auth.authenticate(accessToken, null);
}

/** Sets the password of an identity that the demo made. */
export async function setPassword(app: App, email: string, password: string): Promise<void> {
  const id = await app.preTenant.ensureIdentity(email, null);
  const passwordHash = await hashSecret(password, 'standard');
  await runInScope(createScope({ orgId: null, userId: id }), () =>
    app.db.user.update({ where: { id }, data: { passwordHash }, select: { id: true } }),
  );
}

/** When an earlier load was cut short after the key was made, its secret is lost: it gets a successor. */
async function freshKey(app: App, owner: Principal, apiKeyId: string): Promise<string> {
  const id = toGlobalId('ApiKey', apiKeyId);
  const scope = createScope({ orgId: owner.tenant!.orgId, userId: owner.userId });
  const { secret } = await runInScope(scope, () => app.services.apiKeys.rotate(app.serviceContext(owner), { id }));
  return secret!;
}

const NAMES: Readonly<Record<OrganizationRole, string>> = {
  owner: 'Olive Owner',
  admin: 'Ada Admin',
  manager: 'Max Manager',
  member: 'Mia Member',
  customer: 'Carl Customer',
  viewer: 'Vera Viewer',
};

async function loadMembers(app: App, owner: Principal, address: (role: OrganizationRole) => string, password: string): Promise<void> {
  for (const role of ORGANIZATION_ROLES.filter((each) => each !== 'owner')) {
    const member = { email: address(role), name: NAMES[role], role, idempotencyKey: `demo-${role}` };
    await app.services.members.add(app.serviceContext(owner), member);
    await setPassword(app, address(role), password);
  }
}

async function loadWorkflows(app: App, owner: Principal): Promise<void> {
  const cx = app.serviceContext(owner);
  for (const workflow of DEMO_WORKFLOWS) {
    const { slug, name, description, cron } = workflow;
    const idempotencyKey = `demo-${slug}`;
    const { workflowId } = await app.services.workflows.create(cx, { slug, name, description, definition: definitionOf(workflow), idempotencyKey });
    if (!cron) continue;
    const schedule = { workflowId: toGlobalId('Workflow', workflowId), name: `${name}, by the clock`, cron, idempotencyKey };
    await app.services.schedules.create(cx, schedule);
  }
}

/** Two finished executions of the first workflow, so that there is something to look at before an engine runs any. */
async function loadExecutions(app: App, owner: Principal): Promise<void> {
  const orgId = owner.tenant!.orgId;
  const workflow = await app.db.workflow.findFirstOrThrow({ where: { orgId, slug: DEMO_WORKFLOWS[0]!.slug }, include: { tasks: true } });
  const organization = await app.db.organization.findFirstOrThrow({ where: { id: orgId } });
  if ((await app.db.workflowExecution.count({ where: { orgId, workflowId: workflow.id } })) > 0) return;
  for (const status of ['completed', 'failed'] as const) {
    const finishedAt = new Date();
    await app.db.workflowExecution.create({
      data: {
        orgId,
        workflowId: workflow.id,
        version: workflow.currentVersion,
        status,
        triggeredById: owner.tenant!.membershipId!,
        engineNamespace: organization.engineNamespace,
        engineRunId: `demo-${status}`,
        input: { customer: 'C-1001' },
        startedAt: finishedAt,
        finishedAt,
        tasks: {
          create: workflow.tasks.map((task) => ({ taskId: task.id, taskKey: task.key, status, attempt: 0, startedAt: finishedAt, finishedAt })),
        },
      },
    });
  }
}

