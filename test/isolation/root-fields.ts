import type { World } from '../harness/world.ts';
import { definition } from '../harness/world.ts';

/** The ids that an attack puts where ids go: another organization's, random ones, or no ids at all. */
export interface Ids {
  readonly organization: string;
  readonly member: string;
  readonly apiKey: string;
  readonly workflow: string;
  readonly schedule: string;
  /** One of every type that has a global id. */
  readonly nodes: readonly string[];
}

export const idsOf = (world: World): Ids => ({
  organization: world.organizationId,
  member: world.members.viewer,
  apiKey: world.apiKeyId,
  workflow: world.workflowIds[0]!,
  schedule: world.scheduleId,
  nodes: [
    world.organizationId,
    world.members.viewer,
    world.apiKeyId,
    world.workflowIds[0]!,
    world.versionId,
    world.taskId,
    world.scheduleId,
    world.executionId,
    world.taskExecutionId,
  ],
});

/** How one root field is called with ids that are not the caller's. */
export interface Attack {
  readonly query: string;
  readonly variables?: (ids: Ids) => Record<string, unknown>;
}

const NODE = `__typename id
  ... on Organization { name slug }
  ... on Member { email memberName: name }
  ... on ApiKey { name prefix }
  ... on Workflow { name slug workflowStatus: status tasks { totalCount edges { node { key } } } }
  ... on WorkflowVersion { definition }
  ... on Task { key workflow { name } }
  ... on Schedule { cron workflow { name } }
  ... on WorkflowExecution { status workflow { name } taskExecutions: tasks { edges { node { taskKey } } } }
  ... on TaskExecution { taskKey }`;

const ERRORS = `__typename ... on Error { code message } ... on ValidationError { fields { path message } }`;

const mutation = (name: string, variables: (ids: Ids) => Record<string, unknown>): Attack => ({
  query: `mutation Attack($input: ${name[0]!.toUpperCase()}${name.slice(1)}Input!) { ${name}(input: $input) { ${ERRORS} } }`,
  variables: (ids) => ({ input: variables(ids) }),
});

/** One attack for every root field of the schema. A root field without one fails the suite. */
export const ATTACKS: Readonly<Record<string, Attack>> = {
  'Query.viewer': {
    query: '{ viewer { kind role organization { id name slug } member { id email name } organizations { id name slug role } } }',
  },
  'Query.organization': { query: '{ organization { id name slug description status plan } }' },
  'Query.node': { query: `query ($id: ID!) { node(id: $id) { ${NODE} } }`, variables: (ids) => ({ id: ids.workflow }) },
  'Query.nodes': { query: `query ($ids: [ID!]!) { nodes(ids: $ids) { ${NODE} } }`, variables: (ids) => ({ ids: ids.nodes }) },
  'Query.members': { query: '{ members(first: 100) { totalCount edges { cursor node { id email name role } } } }' },
  'Query.apiKeys': { query: '{ apiKeys(first: 100) { totalCount edges { node { id name prefix owner { id email } } } } }' },
  'Query.workflow': {
    query: 'query ($id: ID!) { workflow(id: $id) { id name tasks { totalCount } } }',
    variables: (ids) => ({ id: ids.workflow }),
  },
  'Query.workflows': {
    query: `query ($member: ID!) {
      mine: workflows(first: 10) { totalCount edges { node { id name createdBy { id email } tasks { totalCount edges { node { id key } } }
        schedules { totalCount edges { node { id cron } } } executions { totalCount edges { node { id tasks { edges { node { id } } } } } } versions { totalCount } } } }
      theirs: workflows(filter: { createdById: $member }) { totalCount edges { node { id } } }
    }`,
    variables: (ids) => ({ member: ids.member }),
  },
  'Mutation.createOrganization': mutation('createOrganization', () => ({ name: 'Not for members', adminEmail: 'x@x.test' })),
  'Mutation.updateOrganization': mutation('updateOrganization', () => ({ description: 'changed' })),
  'Mutation.suspendOrganization': mutation('suspendOrganization', (ids) => ({ id: ids.organization })),
  'Mutation.activateOrganization': mutation('activateOrganization', (ids) => ({ id: ids.organization })),
  'Mutation.addMember': mutation('addMember', () => ({ email: 'newcomer@alpha.test', role: 'VIEWER', idempotencyKey: 'same-in-both' })),
  'Mutation.updateMemberRole': mutation('updateMemberRole', (ids) => ({ id: ids.member, role: 'CUSTOMER' })),
  'Mutation.removeMember': mutation('removeMember', (ids) => ({ id: ids.member })),
  'Mutation.createApiKey': mutation('createApiKey', (ids) => ({ name: 'For another', scopes: ['*'], memberId: ids.member })),
  'Mutation.rotateApiKey': mutation('rotateApiKey', (ids) => ({ id: ids.apiKey })),
  'Mutation.revokeApiKey': mutation('revokeApiKey', (ids) => ({ id: ids.apiKey })),
  'Mutation.createWorkflow': mutation('createWorkflow', () => ({ name: 'Same name', definition: definition('same'), idempotencyKey: 'same-in-both' })),
  'Mutation.updateWorkflow': mutation('updateWorkflow', (ids) => ({ id: ids.workflow, name: 'Taken over', definition: definition('other', 1) })),
  'Mutation.deleteWorkflow': mutation('deleteWorkflow', (ids) => ({ id: ids.workflow })),
  'Mutation.createSchedule': mutation('createSchedule', (ids) => ({ workflowId: ids.workflow, name: 'Theirs', cron: '0 0 * * *' })),
  'Mutation.updateSchedule': mutation('updateSchedule', (ids) => ({ id: ids.schedule, enabled: false })),
  'Mutation.deleteSchedule': mutation('deleteSchedule', (ids) => ({ id: ids.schedule })),
  'Mutation.signIn': mutation('signIn', () => ({ email: 'owner@beta.test', password: 'a wrong password' })),
  'Mutation.refreshSession': mutation('refreshSession', () => ({ refreshToken: 'tr_unknown' })),
  'Mutation.signOut': { query: `mutation { signOut { ${ERRORS} } }` },
};
