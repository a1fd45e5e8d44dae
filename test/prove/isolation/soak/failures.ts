import { marked } from './tenants.ts';
import { at, type Turn, type Work } from './turn.ts';

const failure = '__typename ... on Error { code message }';

/** Changes of a foreign row: each is refused like one of a row that does not exist. */
const foreign: readonly ((turn: Turn) => { readonly document: string; readonly input: object })[] = [
  ({ other }) => ({
    document: `mutation ($input: UpdateWorkflowInput!) { updateWorkflow(input: $input) { ${failure} } }`,
    input: { id: other.changedId, description: 'taken over' },
  }),
  ({ other }) => ({
    document: `mutation ($input: DeleteWorkflowInput!) { deleteWorkflow(input: $input) { ${failure} } }`,
    input: { id: other.fixedIds[0] },
  }),
  ({ other }) => ({
    document: `mutation ($input: CreateScheduleInput!) { createSchedule(input: $input) { ${failure} } }`,
    input: { workflowId: other.changedId, name: 'soak taken over', cron: '* * * * *' },
  }),
  ({ other }) => ({
    document: `mutation ($input: RemoveMemberInput!) { removeMember(input: $input) { ${failure} } }`,
    input: { id: other.viewerId },
  }),
  ({ other }) => ({
    document: `mutation ($input: UpdateMemberRoleInput!) { updateMemberRole(input: $input) { ${failure} } }`,
    input: { id: other.viewerId, role: 'MEMBER' },
  }),
  ({ other }) => ({
    document: `mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { ${failure} } }`,
    input: { id: other.keyId },
  }),
  ({ other }) => ({
    document: `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ${failure} } }`,
    input: { name: 'soak taken over', scopes: ['*'], memberId: other.viewerId },
  }),
];

async function foreignChange(turn: Turn): Promise<void> {
  const { document, input } = turn.pick(foreign)(turn);
  await turn.ask({ document, variables: { input }, caller: turn.pick(turn.tenant.writers), codes: ['NOT_FOUND'] });
}

const update = `mutation ($input: UpdateWorkflowInput!) { updateWorkflow(input: $input) { ${failure} } }`;
const create = `mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { ${failure} ... on CreateWorkflowSuccess { workflow { id name } } } }`;

/** The name is in no ledger: were anything of it kept, it would be found at the end. */
const neverKept = (turn: Turn) => ({ name: `soak never kept ${turn.tenant.marker}`, definition: marked(turn.tenant.marker, 'never') });

async function invalid(turn: Turn): Promise<void> {
  const { tenant } = turn;
  const caller = turn.pick(tenant.writers);
  const input = turn.pick([
    { document: create, input: { ...neverKept(turn), name: '' } },
    { document: create, input: { ...neverKept(turn), definition: {} } },
    { document: update, input: { id: tenant.changedId, name: 'x'.repeat(300) } },
  ]);
  await turn.ask({ document: input.document, variables: { input: input.input }, caller, codes: ['VALIDATION_FAILED'] });
}

/** Fails inside its transaction, at the statement that meets the unique slug or the version. */
async function conflict(turn: Turn): Promise<void> {
  const { tenant } = turn;
  const caller = turn.pick(tenant.writers);
  const asked = turn.pick([
    { document: create, input: { ...neverKept(turn), slug: 'fixed-0', idempotencyKey: `never ${turn.random(1_000_000_000)}` } },
    { document: update, input: { id: tenant.changedId, name: `soak never kept ${tenant.marker}`, expectedVersion: 1_000_000 } },
  ]);
  await turn.ask({ document: asked.document, variables: { input: asked.input }, caller, codes: ['CONFLICT'] });
}

const two = `mutation ($good: CreateWorkflowInput!, $bad: DeleteWorkflowInput!) {
  good: createWorkflow(input: $good) { ${failure} ... on CreateWorkflowSuccess { workflow { id name } } }
  bad: deleteWorkflow(input: $bad) { ${failure} }
}`;

async function halfFailing(turn: Turn): Promise<void> {
  const { tenant, other, memory } = turn;
  const name = memory.workflows.newName('soak workflow');
  memory.workflows.note(name, 'maybe');
  const variables = { good: { name, definition: marked(tenant.marker, 'made') }, bad: { id: other.changedId } };
  const reply = await turn.ask({ document: two, variables, caller: turn.pick(tenant.writers), codes: ['NOT_FOUND'] });
  const id = at(reply.data, 'good', 'workflow', 'id');
  if (reply.lost || typeof id !== 'string') return;
  memory.workflows.note(name, 'present');
  memory.made.push({ id, name });
}

const read = '{ workflows { edges { node { id name } } } }';

/** Callers who are nobody, or nobody here. */
async function strangers(turn: Turn): Promise<void> {
  const { tenant, other } = turn;
  const own = turn.pick(tenant.writers);
  const asked = turn.pick([
    { caller: { token: `${own.token.slice(0, -1)}${own.token.endsWith('a') ? 'b' : 'a'}` }, codes: ['UNAUTHENTICATED'] },
    { caller: { token: own.token, organization: other.organizationId }, codes: ['FORBIDDEN'] },
  ]);
  await turn.ask({ document: read, ...asked });
}

async function unreadable(turn: Turn): Promise<void> {
  const asked = turn.pick([
    { document: '{ workflows { edges { node { id ', codes: ['GRAPHQL_PARSE_FAILED'] },
    { document: '{ workflows { edges { node { id nonsense } } } }', codes: ['GRAPHQL_VALIDATION_FAILED'] },
  ]);
  await turn.ask({ ...asked, caller: turn.pick(turn.tenant.writers) });
}

export const failures: readonly Work[] = [
  { name: 'changes of foreign rows', weight: 6, run: foreignChange },
  { name: 'invalid input', weight: 3, run: invalid },
  { name: 'conflicts inside transactions', weight: 4, run: conflict },
  { name: 'a mutation that succeeds beside one that fails', weight: 2, run: halfFailing },
  { name: 'callers who are not let in', weight: 3, run: strangers },
  { name: 'documents that cannot be read', weight: 1, run: unreadable },
];

/** Waits for a row that somebody else holds, until the time is up. Sent to the server with the short deadline only. */
export const overdue: Work = {
  name: 'a change that runs out of time',
  weight: 1,
  run: async (turn) => {
    const input = { id: turn.tenant.lockedId, description: `soak never kept ${turn.tenant.marker}` };
    const reply = await turn.ask({ document: update, variables: { input }, caller: turn.pick(turn.tenant.writers), codes: ['OUTCOME_UNKNOWN'] });
    if (!reply.lost) turn.wrong('a change of a row that is held did not run out of time');
  },
};
