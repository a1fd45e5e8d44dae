import { schema } from '../../src/graphql/schema.ts';
import type { World } from '../harness/world.ts';
import { definition, PASSWORD } from '../harness/world.ts';
import { selectionOf } from './selection.ts';

/** Whose credential an operation is sent with. */
export type Caller = 'owner' | 'operator' | 'session' | 'nobody';

/** One root field, called so that it succeeds. */
export interface Operation {
  readonly field: string;
  readonly caller: Caller;
  readonly query: string;
}

/** What an operation is about. */
export interface Subject {
  readonly world: World;
  /** Its refresh token is to be traded. */
  readonly refreshToken: string;
  /** Something that has happened in it. */
  readonly eventId: string;
}

type Arguments = (subject: Subject) => Record<string, unknown>;

interface Call {
  readonly caller?: Caller;
  readonly arguments?: Arguments;
}

const input = (values: Arguments, caller: Caller = 'owner'): Call => ({
  caller,
  arguments: (subject) => ({ input: values(subject) }),
});

/** How each root field of the schema succeeds. */
const CALLS: Readonly<Record<string, Call>> = {
  viewer: { caller: 'session' },
  organization: {},
  node: { arguments: ({ world }) => ({ id: world.workflowIds[0] }) },
  nodes: {
    arguments: ({ world }) => ({
      ids: [world.organizationId, world.members.viewer, world.apiKeyId, world.workflowIds[0], world.versionId, world.taskId, world.scheduleId, world.executionId, world.taskExecutionId],
    }),
  },
  members: {},
  apiKeys: {},
  workflow: { arguments: ({ world }) => ({ id: world.workflowIds[0] }) },
  workflows: { arguments: ({ world }) => ({ first: 2, filter: { createdById: world.members.owner } }) },
  event: { arguments: ({ eventId }) => ({ id: eventId }) },
  events: { arguments: () => ({ first: 2 }) },
  platformOrganizations: { caller: 'operator', arguments: () => ({ first: 2 }) },
  platformUsage: { caller: 'operator', arguments: () => ({ first: 2 }) },
  platformTotals: { caller: 'operator' },
  createOrganization: input(() => ({ name: 'Newly made', adminEmail: 'first@new.test', adminName: 'First', idempotencyKey: 'new' }), 'operator'),
  suspendOrganization: input(({ world }) => ({ id: world.organizationId }), 'operator'),
  // An active one cannot be opened: what is answered then is read from the database too.
  activateOrganization: input(({ world }) => ({ id: world.organizationId }), 'operator'),
  updateOrganization: input(() => ({ description: 'changed' })),
  addMember: input(() => ({ email: 'newcomer@acme.test', role: 'VIEWER', name: 'Newcomer', idempotencyKey: 'new' })),
  updateMemberRole: input(({ world }) => ({ id: world.members.viewer, role: 'CUSTOMER' })),
  removeMember: input(({ world }) => ({ id: world.members.member })),
  createApiKey: input(({ world }) => ({ name: 'New', scopes: ['*'], memberId: world.members.viewer, idempotencyKey: 'new' })),
  updateApiKey: input(({ world }) => ({ id: world.viewerKeyId, name: 'Renamed', monthlyLimit: 1_000 })),
  rotateApiKey: input(({ world }) => ({ id: world.viewerKeyId, idempotencyKey: 'new' })),
  // Of no key: what is under attack here is the way to it.
  revokeLeakedKey: input(() => ({ secret: 'tk_00000000000000000000000000000000' }), 'nobody'),
  revokeApiKey: input(({ world }) => ({ id: world.viewerKeyId })),
  createWorkflow: input(() => ({ name: 'New', definition: definition('new'), idempotencyKey: 'new' })),
  updateWorkflow: input(({ world }) => ({ id: world.workflowIds[0], name: 'Changed', definition: definition('other', 2) })),
  deleteWorkflow: input(({ world }) => ({ id: world.workflowIds[1] })),
  createSchedule: input(({ world }) => ({ workflowId: world.workflowIds[0], name: 'New', cron: '0 0 * * *', idempotencyKey: 'new' })),
  updateSchedule: input(({ world }) => ({ id: world.scheduleId, enabled: false })),
  deleteSchedule: input(({ world }) => ({ id: world.scheduleId })),
  appendEvents: input(() => ({ events: [{ type: 'NOTE.WRITTEN', tags: ['note:1'] }], idempotencyKey: 'new' })),
  signIn: input(({ world }) => ({ email: world.email('viewer'), password: PASSWORD }), 'nobody'),
  refreshSession: input(({ refreshToken }) => ({ refreshToken }), 'nobody'),
  signOut: { caller: 'session' },
};

const LEVELS = 2;

/** A value as it is written in a document; roles are the only words of an enumeration among them. */
const literal = (value: unknown, name = ''): string => {
  if (Array.isArray(value)) return `[${value.map((item) => literal(item)).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    return `{${Object.entries(value).map(([key, item]) => `${key}: ${literal(item, key)}`).join(', ')}}`;
  }
  return name === 'role' ? String(value) : JSON.stringify(value);
};

/**
 * Every root field of the schema, with everything selected that it can answer.
 *
 * @throws Error for a root field that nobody has said how to call.
 */
export function operationsOf(subject: Subject): Operation[] {
  return [schema.getQueryType(), schema.getMutationType()].flatMap((root) =>
    Object.values(root?.getFields() ?? {}).map(({ name, type }) => {
      const call = CALLS[name];
      if (!call) throw new Error(`No fault meets ${name}: say in test/faults/operations.ts how it is called.`);
      const given = Object.entries(call.arguments?.(subject) ?? {}).map(([key, value]) => `${key}: ${literal(value)}`);
      const called = given.length > 0 ? `${name}(${given.join(', ')})` : name;
      const kind = root === schema.getMutationType() ? 'mutation' : 'query';
      return { field: name, caller: call.caller ?? 'owner', query: `${kind} { ${called} ${selectionOf(type, LEVELS)} }` };
    }),
  );
}
