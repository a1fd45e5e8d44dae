import { schema } from '../../src/graphql/schema.ts';
import type { Caller, Calls, Subject } from './calls.ts';
import { ORGANIZATION_CALLS } from './organization-calls.ts';
import { PEOPLE_CALLS } from './people-calls.ts';
import { selectionOf } from './selection.ts';

/** One root field, called so that it succeeds. */
export interface Operation {
  readonly field: string;
  readonly caller: Caller;
  readonly query: string;
}

const READS: Calls = {
  viewer: { caller: 'session' },
  organization: {},
  node: { arguments: ({ world }) => ({ id: world.workflowIds[0] }) },
  nodes: {
    arguments: ({ world }) => ({
      ids: [world.organizationId, world.members.viewer, world.apiKeyId, world.workflowIds[0], world.versionId, world.taskId, world.scheduleId, world.executionId, world.taskExecutionId, world.invitationId],
    }),
  },
  members: {},
  invitations: { arguments: () => ({ first: 2 }) },
  apiKeys: {},
  workflow: { arguments: ({ world }) => ({ id: world.workflowIds[0] }) },
  workflows: { arguments: ({ world }) => ({ first: 2, filter: { createdById: world.members.owner } }) },
  event: { arguments: ({ eventId }) => ({ id: eventId }) },
  events: { arguments: () => ({ first: 2 }) },
  platformOrganizations: { caller: 'operator', arguments: () => ({ first: 2 }) },
  platformUsage: { caller: 'operator', arguments: () => ({ first: 2 }) },
  platformTotals: { caller: 'operator' },
};

/** How each root field of the schema succeeds. */
const CALLS: Calls = { ...READS, ...ORGANIZATION_CALLS, ...PEOPLE_CALLS };

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
      if (!call) throw new Error(`No fault meets ${name}: say in test/faults/*-calls.ts how it is called.`);
      const given = Object.entries(call.arguments?.(subject) ?? {}).map(([key, value]) => `${key}: ${literal(value)}`);
      const called = given.length > 0 ? `${name}(${given.join(', ')})` : name;
      const kind = root === schema.getMutationType() ? 'mutation' : 'query';
      return { field: name, caller: call.caller ?? 'owner', query: `${kind} { ${called} ${selectionOf(type, LEVELS)} }` };
    }),
  );
}
