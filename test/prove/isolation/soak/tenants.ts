import { randomUUID } from 'node:crypto';
import type { App } from '../../../../src/compose.ts';
import type { ServiceContext } from '../../../../src/domains/service-context.ts';
import { fromGlobalId, toGlobalId } from '../../../../src/kernel/ids.ts';
import { ORGANIZATION_ROLES, type OrganizationRole } from '../../../../src/kernel/permissions.ts';
import { createScope, runInScope } from '../../../../src/platform/postgres/tenancy.ts';
import type { TestApp } from '../../../harness/app.ts';
import { appointOperator, definition, signIn } from '../../../harness/world.ts';
import { markerOf } from './marker.ts';

/** Somebody who sends requests in one tenant: a key, or a person who says where. */
export interface Caller {
  readonly token: string;
  readonly organization?: string;
}

/** One organization of the soak. All ids are global ids. */
export interface SoakTenant {
  readonly number: number;
  readonly marker: string;
  readonly orgId: string;
  readonly organizationId: string;
  /** Everybody who may read everything: keys of most roles, sessions, and the operator of the platform. */
  readonly readers: readonly Caller[];
  /** May read workflows and nothing of the people here. */
  readonly customer: Caller;
  /** The owner's and an administrator's key, and the owner's session: they may do everything here. */
  readonly writers: readonly Caller[];
  /** Never changed by the soak, and of another number in each tenant, so that a count says whose it is. */
  readonly fixedIds: readonly string[];
  readonly tasksEach: number;
  readonly runsEach: number;
  /** The workflow that is changed all the time. */
  readonly changedId: string;
  /** The workflow that another connection holds locked: who changes it waits until the time is up. */
  readonly lockedId: string;
  readonly viewerId: string;
  readonly keyId: string;
  /** One id of each type. */
  readonly ids: readonly string[];
}

export const marked = (marker: string, name: string): Record<string, unknown> => {
  const plain = definition(`${marker}-${name}`);
  return { ...plain, do: [0, 1, 2].map((step) => ({ [`${marker}-step${step}`]: { set: { marker } } })) };
};

const withTasks = (marker: string, count: number): Record<string, unknown> => ({
  ...marked(marker, 'fixed'),
  do: Array.from({ length: count }, (_, step) => ({ [`${marker}-step${step}`]: { set: { marker } } })),
});

interface Made {
  readonly app: App;
  readonly number: number;
  readonly operator: Caller;
  /** The sessions of those who are in two organizations: one token for both. */
  readonly walkers: Map<string, string>;
}

const insertRuns = async (app: App, orgId: string, workflowId: string, marker: string, count: number): Promise<string[]> => {
  const ids: string[] = [];
  for (let run = 0; run < count; run += 1) {
    const made = await app.db.workflowExecution.create({
      data: {
        orgId,
        workflowId: fromGlobalId(workflowId)?.uuid ?? '',
        version: 1,
        status: 'completed',
        input: { marker },
        engineNamespace: `ns-${orgId}`,
        engineRunId: randomUUID(),
        tasks: { create: [{ taskKey: `${marker}-step0`, status: 'completed' }] },
      },
      select: { id: true, tasks: { select: { id: true } } },
    });
    ids.push(toGlobalId('WorkflowExecution', made.id), toGlobalId('TaskExecution', made.tasks[0]?.id ?? ''));
  }
  return ids;
};

/** What is at hand while one organization is filled. */
interface Filling {
  readonly app: App;
  readonly cx: ServiceContext;
  readonly orgId: string;
  readonly number: number;
  readonly marker: string;
}

const emailOf = (marker: string, role: OrganizationRole): string => `${role}@${marker}.test`;

interface Staff {
  readonly keys: ReadonlyMap<OrganizationRole, string>;
  readonly viewerId: string;
  readonly keyId: string;
}

/** A member of every role below the owner's, each with a key. */
async function hire({ app, cx, marker }: Filling, ownerKey: string): Promise<Staff> {
  const keys = new Map<OrganizationRole, string>([['owner', ownerKey]]);
  let [viewerId, keyId] = ['', ''];
  for (const role of ORGANIZATION_ROLES.filter((each) => each !== 'owner')) {
    const person = { email: emailOf(marker, role), name: `The ${role} ${marker}`, role };
    const memberId = toGlobalId('Member', (await app.services.members.add(cx, person)).memberId);
    const key = await app.services.apiKeys.create(cx, { name: `Key of ${role} ${marker}`, scopes: ['*'], memberId });
    keys.set(role, key.secret ?? '');
    if (role === 'viewer') [viewerId, keyId] = [memberId, toGlobalId('ApiKey', key.apiKeyId)];
  }
  return { keys, viewerId, keyId };
}

/** The sessions of the owner, a member, and a person who is in this organization and its neighbour, in this order. */
async function letIn({ app, cx, number, marker }: Filling, walkers: Map<string, string>): Promise<string[]> {
  const walker = `walker-${Math.floor(number / 2)}@walkers.test`;
  await app.services.members.add(cx, { email: walker, name: `Walker ${marker}`, role: 'viewer' });
  const walking = walkers.get(walker) ?? (await signIn(app, walker));
  walkers.set(walker, walking);
  return [await signIn(app, emailOf(marker, 'owner')), await signIn(app, emailOf(marker, 'member')), walking];
}

type Rows = Pick<SoakTenant, 'fixedIds' | 'tasksEach' | 'runsEach' | 'changedId' | 'lockedId'> & { readonly ids: readonly string[] };

/** Workflows with what hangs on them, in numbers that tell the tenant from its neighbours. */
async function fill({ app, cx, orgId, number, marker }: Filling): Promise<Rows> {
  const [fixedCount, tasksEach, runsEach] = [1 + (number % 4), 1 + (number % 5), 1 + (number % 3)];
  const create = async (slug: string, tasks: number): Promise<string> => {
    const input = { name: `${slug} ${marker}`, slug, definition: withTasks(marker, tasks) };
    return toGlobalId('Workflow', (await app.services.workflows.create(cx, input)).workflowId);
  };
  const fixedIds: string[] = [];
  for (let index = 0; index < fixedCount; index += 1) fixedIds.push(await create(`fixed-${index}`, tasksEach));
  const [workflowId = ''] = fixedIds;
  const runIds: string[] = [];
  for (const id of fixedIds) runIds.push(...(await insertRuns(app, orgId, id, marker, runsEach)));
  const schedule = await app.services.schedules.create(cx, { workflowId, name: `Daily ${marker}`, cron: '0 9 * * *' });
  const task = await app.db.task.findFirstOrThrow({ where: { orgId }, select: { id: true } });
  const version = await app.db.workflowVersion.findFirstOrThrow({ where: { orgId }, select: { id: true } });
  const parts = [toGlobalId('Task', task.id), toGlobalId('WorkflowVersion', version.id), toGlobalId('Schedule', schedule.scheduleId)];
  return {
    fixedIds,
    tasksEach,
    runsEach,
    changedId: await create('changed', 2),
    lockedId: await create('locked', 1),
    ids: [workflowId, ...parts, ...runIds.slice(0, 2)],
  };
}

async function makeTenant({ app, number, operator, walkers }: Made): Promise<SoakTenant> {
  const marker = markerOf(number);
  const platform = app.serviceContext(await app.services.auth.authenticate(operator.token, null));
  const names = { name: `Twin ${marker}`, slug: `twin-${marker}`, adminEmail: emailOf(marker, 'owner'), adminName: `Owner ${marker}` };
  const { organizationId: orgId, secret } = await app.services.onboarding.createOrganization(platform, names);
  const ownerKey = secret ?? '';
  const owner = await app.services.auth.authenticate(ownerKey, null);
  const filling = { app, cx: app.serviceContext(owner), orgId, number, marker };
  const organizationId = toGlobalId('Organization', orgId);
  return runInScope(createScope({ orgId, userId: owner.userId }), async () => {
    const { keys, viewerId, keyId } = await hire(filling, ownerKey);
    const people = (await letIn(filling, walkers)).map((token) => ({ token, organization: organizationId }));
    const rows = await fill(filling);
    const [ownerSession] = people;
    return {
      ...rows,
      number,
      marker,
      orgId,
      organizationId,
      readers: [
        ...[...keys].filter(([role]) => role !== 'customer').map(([, token]) => ({ token })),
        ...people,
        { token: operator.token, organization: organizationId },
      ],
      customer: { token: keys.get('customer') ?? '' },
      writers: [{ token: ownerKey }, { token: keys.get('admin') ?? '' }, ...(ownerSession ? [ownerSession] : [])],
      viewerId,
      keyId,
      ids: [organizationId, viewerId, keyId, ...rows.ids],
    };
  });
}

/** So many organizations full of look-alike rows, made through the use cases. */
export async function makeTenants(testApp: TestApp, count: number, progress: (done: number) => void): Promise<SoakTenant[]> {
  const { token } = await appointOperator(testApp);
  const tenants: SoakTenant[] = [];
  const walkers = new Map<string, string>();
  for (let number = 0; number < count; number += 1) {
    tenants.push(await makeTenant({ app: testApp.app, number, operator: { token }, walkers }));
    progress(number + 1);
  }
  return tenants;
}
