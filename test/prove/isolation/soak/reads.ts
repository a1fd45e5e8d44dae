import { randomUUID } from 'node:crypto';
import { fromGlobalId, toGlobalId } from '../../../../src/kernel/ids.ts';
import { at, type Turn, type Work } from './turn.ts';

// Each row is asked for with the field that holds its tenant's marker.
const fragments = `
  fragment W on Workflow { id name slug createdBy { id name } }
  fragment R on WorkflowExecution { id input workflow { id name } tasks(first: 2) { totalCount edges { node { id taskKey } } } }
  fragment S on Schedule { id name workflow { id name } }
  fragment V on WorkflowVersion { id version definition createdBy { id name } }
  fragment T on Task { id key workflow { id name } }
  fragment K on ApiKey { id name owner { id name } issuedBy { id name } }
  fragment N on Node {
    id
    ... on Organization { name }
    ... on Member { calledHere: name }
    ... on ApiKey { ...K }
    ... on Workflow { ...W }
    ... on WorkflowVersion { ...V }
    ... on Task { ...T }
    ... on Schedule { ...S }
    ... on WorkflowExecution { ...R }
    ... on TaskExecution { taskKey }
  }
`;

const nested = `query Nested($id: ID!) {
  workflow(id: $id) {
    id name createdBy { id name }
    tasks(first: 3) { totalCount edges { cursor node { id key workflow { id name } } } }
    versions(last: 2) { totalCount edges { node { id definition } } }
    schedules { edges { node { id name createdBy { id name } } } }
    executions(first: 2) { totalCount pageInfo { hasNextPage } edges { node { id input triggeredBy { id name } tasks { edges { node { id taskKey } } } } } }
  }
}`;

/** Of tenants whose numbers of rows differ, a count that is right is nobody else's. */
async function byId(turn: Turn): Promise<void> {
  const { tenant } = turn;
  const reply = await turn.ask({ document: nested, variables: { id: turn.pick(tenant.fixedIds) }, caller: turn.pick(tenant.readers) });
  if (reply.lost) return;
  const counts = [at(reply.data, 'workflow', 'tasks', 'totalCount'), at(reply.data, 'workflow', 'executions', 'totalCount')];
  if (counts[0] !== tenant.tasksEach || counts[1] !== tenant.runsEach) {
    turn.leak(`counts were ${counts.join(' and ')} instead of ${tenant.tasksEach} and ${tenant.runsEach}`);
  }
}

const counted = `query Counted($order: WorkflowOrder) {
  workflows(first: 20, filter: { slug: { startsWith: "fixed-" } }, orderBy: $order) {
    totalCount pageInfo { hasNextPage }
    edges { node { id name tasks(first: 1) { totalCount edges { node { id key } } } executions(first: 1) { totalCount } } }
  }
}`;

async function counts(turn: Turn): Promise<void> {
  const { tenant } = turn;
  const order = { field: turn.pick(['NAME', 'CREATED_AT', 'UPDATED_AT']), direction: turn.pick(['ASC', 'DESC']) };
  const reply = await turn.ask({ document: counted, variables: { order }, caller: turn.pick([...tenant.readers, tenant.customer]) });
  if (reply.lost) return;
  const edges = at(reply.data, 'workflows', 'edges') as unknown[] | undefined;
  const total = at(reply.data, 'workflows', 'totalCount');
  const wanted = tenant.fixedIds.length;
  if (total !== wanted || edges?.length !== wanted) turn.leak(`counted ${String(total)} workflows instead of ${wanted}`);
  for (const edge of edges ?? []) {
    if (at(edge, 'node', 'tasks', 'totalCount') !== tenant.tasksEach) turn.leak('counted tasks of another tenant');
    if (at(edge, 'node', 'executions', 'totalCount') !== tenant.runsEach) turn.leak('counted executions of another tenant');
  }
}

const page = `query Page($after: String, $first: Int!) {
  workflows(first: $first, after: $after) { pageInfo { hasNextPage endCursor } edges { node { id name createdBy { id name } } } }
}`;

/** Two pages one after the other, and then the cursor in the hands of a neighbour. */
async function pages(turn: Turn): Promise<void> {
  const { tenant, other } = turn;
  const first = 1 + turn.random(5);
  const begin = await turn.ask({ document: page, variables: { first }, caller: turn.pick(tenant.readers) });
  const after = at(begin.data, 'workflows', 'pageInfo', 'endCursor');
  if (begin.lost || typeof after !== 'string') return;
  await turn.ask({ document: page, variables: { first, after }, caller: turn.pick(tenant.readers) });
  const readers = other.readers.filter(({ organization }) => organization === undefined);
  await turn.ask({ document: page, variables: { first, after }, caller: turn.pick(readers), of: other, codes: ['VALIDATION_FAILED'] });
}

const one = `query One($id: ID!) { node(id: $id) { ...N } } ${fragments}`;
const many = `query Many($ids: [ID!]!) { nodes(ids: $ids) { ...N } } ${fragments}`;

async function oneNode(turn: Turn): Promise<void> {
  const reply = await turn.ask({ document: one, variables: { id: turn.pick(turn.tenant.ids) }, caller: turn.pick(turn.tenant.writers) });
  if (!reply.lost && at(reply.data, 'node', 'id') === undefined) turn.wrong('an own node was not found');
}

/** Own, foreign and unknown ids in one list: each in its place, and the foreign ones like the unknown ones. */
async function mixedNodes(turn: Turn): Promise<void> {
  const { tenant, other } = turn;
  const unknown = tenant.ids.map((id) => toGlobalId(fromGlobalId(id)?.type ?? 'Workflow', randomUUID()));
  const ids = Array.from({ length: 3 }, () => [turn.pick(tenant.ids), turn.pick(other.ids), turn.pick(unknown)]).flat();
  const codes = ids.filter((id) => !tenant.ids.includes(id)).map(() => 'NOT_FOUND');
  const reply = await turn.ask({ document: many, variables: { ids }, caller: turn.pick(tenant.writers), codes });
  if (reply.lost) return;
  ids.forEach((id, place) => {
    const found = at(reply.data, 'nodes', place, 'id');
    if (found !== (tenant.ids.includes(id) ? id : undefined)) turn.leak(`nodes answered ${String(found)} for ${id}`);
  });
}

const parallel = `query Parallel($id: ID!, $next: ID!) {
  a: workflow(id: $id) { ...W tasks { edges { node { ...T } } } }
  b: node(id: $next) { ...N }
  c: workflows(first: 3) { edges { node { ...W executions(first: 2) { totalCount edges { node { ...R } } } } } }
  d: members(first: 5) { totalCount edges { node { id name email } } }
  e: apiKeys(first: 5) { edges { node { ...K } } }
  f: organization { id name slug description }
  g: viewer { kind role organization { id name } member { id name } }
  h: workflows(first: 2, orderBy: { field: NAME, direction: ASC }) { edges { node { ...W schedules { edges { node { ...S } } } versions { edges { node { ...V } } } } } }
} ${fragments}`;

async function manyAtOnce(turn: Turn): Promise<void> {
  const { tenant } = turn;
  const variables = { id: turn.pick(tenant.fixedIds), next: turn.pick(tenant.ids) };
  await turn.ask({ document: parallel, variables, caller: turn.pick(tenant.writers) });
}

const people = `query People($role: OrganizationRole!, $by: ID!) {
  members(filter: { role: { eq: $role } }, first: 10) { totalCount edges { node { id name } } }
  workflows(filter: { createdById: $by }) { totalCount edges { node { id name } } }
}`;

/** A filter by a member of the neighbour finds nothing, and tells nothing. */
async function filters(turn: Turn): Promise<void> {
  const { tenant, other } = turn;
  const reply = await turn.ask({ document: people, variables: { role: 'CUSTOMER', by: other.viewerId }, caller: turn.pick(tenant.writers) });
  if (reply.lost) return;
  if (at(reply.data, 'members', 'totalCount') !== 1) turn.leak('counted members of another tenant');
  if (at(reply.data, 'workflows', 'totalCount') !== 0) turn.leak('counted workflows by a member of another tenant');
}

export const reads: readonly Work[] = [
  { name: 'a workflow with all that hangs on it', weight: 14, run: byId },
  { name: 'a list with counts', weight: 12, run: counts },
  { name: 'pages and a foreign cursor', weight: 6, run: pages },
  { name: 'a node', weight: 10, run: oneNode },
  { name: 'nodes of several tenants', weight: 8, run: mixedNodes },
  { name: 'eight root fields at once', weight: 8, run: manyAtOnce },
  { name: 'filters by foreign values', weight: 6, run: filters },
];
