import { randomBytes } from 'node:crypto';
import type { App } from '../../src/compose.ts';
import type { CreatedOrganization } from '../../src/domains/onboarding/index.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { ORGANIZATION_ROLES, OPERATOR_PERMISSIONS, type OrganizationRole } from '../../src/kernel/permissions.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { hashSecret } from '../../src/platform/crypto/passwords.ts';
import { randomToken, sha256 } from '../../src/platform/crypto/tokens.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { DEMO_WORKFLOWS, definitionOf } from './workflows.ts';

export interface DemoOrganization {
  readonly name: string;
  readonly slug: string;
  readonly id: string;
  readonly users: readonly { readonly email: string; readonly password: string; readonly role: OrganizationRole }[];
  readonly apiKey: string;
}

/** What the demo calls an organization. */
export interface DemoName {
  readonly name: string;
  readonly slug: string;
}

/** Who a demo organization begins with. */
type DemoUser = DemoOrganization['users'][number];

/**
 * Creates the organization, or finds what an earlier load that was cut short has created.
 *
 * @throws ConflictError when it exists and was not created by this load within a day.
 */
export async function foundOrganization(app: App, operatorId: string, { name, slug }: DemoName): Promise<CreatedOrganization> {
  const operator = app.serviceContext(operatorPrincipal(operatorId));
  const adminEmail = addressOf('owner', slug);
  const idempotencyKey = `demo-${slug}`;
  return app.services.onboarding.createOrganization(operator, { name, slug, plan: 'pro', adminEmail, adminName: NAMES.owner, idempotencyKey });
}

/** Fills a demo organization by the same use cases as any other; filled twice, it stays one. */
export async function loadOrganization(app: App, { name, slug }: DemoName, made: CreatedOrganization): Promise<DemoOrganization> {
  const users = ORGANIZATION_ROLES.map((role) => ({ email: addressOf(role, slug), password: newPassword(), role }));
  const owner = await signInAs(app, users.find(({ role }) => role === 'owner')!);
  return runInScope(createScope({ orgId: made.organizationId, userId: owner.userId }), async () => {
    await loadMembers(app, owner, users);
    await loadWorkflows(app, owner);
    await loadExecutions(app, owner);
    const apiKey = made.secret ?? (await freshKey(app, owner));
    return { name, slug, id: toGlobalId('Organization', made.organizationId), users, apiKey };
  });
}

const addressOf = (role: OrganizationRole, slug: string): string => `${role}@${slug}.example`;

/** A password that is nobody else's: what a viewer knows must not let anybody in as the owner. */
export function newPassword(): string {
  return randomBytes(12).toString('base64url');
}

function operatorPrincipal(userId: string): Principal {
  const permissions = new Set(OPERATOR_PERMISSIONS);
  return { kind: 'user', userId, systemRole: 'super_admin', credentialId: userId, tenant: null, permissions, rateLimitPerHour: null, memberships: [] };
}

async function signInAs(app: App, { email, password }: DemoUser): Promise<Principal> {
  await setPassword(app, email, password);
  const signedIn = await app.services.auth.signIn({ email, password }, { userAgent: 'demo data' });
  if (!('accessToken' in signedIn)) throw new Error('Nobody of the demo has a second factor.');
  return app.services.auth.authenticate(signedIn.accessToken, null);
}

/** Sets the password of an identity that the demo made, in place of the one that an earlier load has set, if it was cut short. */
export async function setPassword({ preTenant, db }: App, email: string, password: string): Promise<void> {
  const id = await preTenant.ensureIdentity(email, null);
  const passwordHash = await hashSecret(password, 'standard');
  const now = new Date();
  const [first] = await runInScope(createScope({ orgId: null, userId: id }), async () =>
    db.$queryRaw<{ isSet: boolean }[]>`SELECT iam.set_first_password(${id}::uuid, ${passwordHash}, ${now}::timestamptz) AS "isSet"`,
  );
  if (first?.isSet) return;
  // The attempt is nobody's: it is counted for a subject of its own.
  const former = await preTenant.beginSignIn(email, sha256(randomToken('demo')), now);
  await preTenant.changePassword(id, former.passwordHash ?? '', passwordHash, id, now);
}

/** When an earlier load was cut short after the key was made, its secret is lost: it gets a successor. */
async function freshKey(app: App, owner: Principal): Promise<string> {
  const where = { orgId: owner.tenant!.orgId, userId: owner.userId, status: 'active' as const, supersededById: null };
  const { id } = await app.db.apiKey.findFirstOrThrow({ where, orderBy: { createdAt: 'desc' }, select: { id: true } });
  const { secret } = await app.services.apiKeys.rotate(app.serviceContext(owner), { id: toGlobalId('ApiKey', id) });
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

async function loadMembers(app: App, owner: Principal, users: readonly DemoUser[]): Promise<void> {
  for (const { email, password, role } of users.filter((user) => user.role !== 'owner')) {
    const member = { email, name: NAMES[role], role, idempotencyKey: `demo-${role}` };
    await app.services.members.add(app.serviceContext(owner), member);
    await setPassword(app, email, password);
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

