import { marked } from './tenants.ts';
import { at, type Turn, type Work } from './turn.ts';

const failure = '__typename ... on Error { code message }';

const create = `mutation Create($input: CreateWorkflowInput!) {
  createWorkflow(input: $input) { ${failure} ... on CreateWorkflowSuccess { workflow { id name tasks { totalCount edges { node { id key } } } } } }
}`;

const newWorkflow = (turn: Turn, name: string) => ({ name, definition: marked(turn.tenant.marker, 'made') });

/** The same idempotency keys are used by everybody, and each request is sent once more now and then. */
async function createWorkflow(turn: Turn): Promise<void> {
  const { tenant, memory } = turn;
  const name = memory.workflows.newName('soak workflow');
  memory.workflows.note(name, 'maybe');
  // The name is used once in this tenant, so the key is too; in the other tenants it is the same.
  const idempotencyKey = name.replace(` ${tenant.marker}`, '');
  const ask = { document: create, variables: { input: { ...newWorkflow(turn, name), idempotencyKey } }, caller: turn.pick(tenant.writers) };
  const reply = await turn.ask(ask);
  if (reply.lost) return;
  const id = at(reply.data, 'createWorkflow', 'workflow', 'id');
  if (typeof id !== 'string') return;
  memory.workflows.note(name, 'present');
  if (turn.random(3) === 0) {
    const again = await turn.ask(ask);
    const second = at(again.data, 'createWorkflow', 'workflow', 'id');
    if (!again.lost && second !== id) turn.wrong(`a repeated request gave ${String(second)} instead of ${id}`);
  }
  memory.made.push({ id, name });
}

const update = `mutation Update($input: UpdateWorkflowInput!) {
  updateWorkflow(input: $input) { ${failure} ... on UpdateWorkflowSuccess { workflow { id name description } } }
}`;

async function updateWorkflow(turn: Turn): Promise<void> {
  const { tenant } = turn;
  const description = `about ${turn.random(1_000_000)} ${tenant.marker}`;
  const definition = turn.random(4) === 0 ? { definition: marked(tenant.marker, `change-${turn.random(5)}`) } : {};
  await turn.ask({ document: update, variables: { input: { id: tenant.changedId, description, ...definition } }, caller: turn.pick(tenant.writers) });
}

const remove = `mutation Remove($input: DeleteWorkflowInput!) {
  deleteWorkflow(input: $input) { ${failure} ... on DeleteWorkflowSuccess { workflowId } }
}`;

async function deleteWorkflow(turn: Turn): Promise<void> {
  const { tenant, memory } = turn;
  const victim = memory.made.shift();
  if (victim === undefined) return createWorkflow(turn);
  memory.workflows.note(victim.name, 'maybe');
  const reply = await turn.ask({ document: remove, variables: { input: { id: victim.id } }, caller: turn.pick(tenant.writers) });
  if (!reply.lost) memory.workflows.note(victim.name, 'gone');
}

const plan = `mutation Plan($input: CreateScheduleInput!) {
  createSchedule(input: $input) { ${failure} ... on CreateScheduleSuccess { schedule { id name workflow { id name } } } }
}`;
const unplan = `mutation Unplan($input: DeleteScheduleInput!) {
  deleteSchedule(input: $input) { ${failure} ... on DeleteScheduleSuccess { scheduleId } }
}`;

async function schedules(turn: Turn): Promise<void> {
  const { tenant, memory } = turn;
  const name = memory.schedules.newName('soak schedule');
  memory.schedules.note(name, 'maybe');
  const input = { workflowId: tenant.changedId, name, cron: '*/5 * * * *', input: { from: tenant.marker } };
  const made = await turn.ask({ document: plan, variables: { input }, caller: turn.pick(tenant.writers) });
  const id = at(made.data, 'createSchedule', 'schedule', 'id');
  if (made.lost || typeof id !== 'string') return;
  memory.schedules.note(name, 'present');
  if (turn.random(3) === 0) return;
  memory.schedules.note(name, 'maybe');
  const gone = await turn.ask({ document: unplan, variables: { input: { id } }, caller: turn.pick(tenant.writers) });
  if (!gone.lost) memory.schedules.note(name, 'gone');
}

const invite = `mutation Invite($input: AddMemberInput!) {
  addMember(input: $input) { ${failure} ... on AddMemberSuccess { member { id name email } } }
}`;
const dismiss = `mutation Dismiss($input: RemoveMemberInput!) {
  removeMember(input: $input) { ${failure} ... on RemoveMemberSuccess { memberId } }
}`;

/** The same people in every tenant, one after the other: what one tenant knows of an address, no other one learns. */
async function members(turn: Turn): Promise<void> {
  const { tenant, memory } = turn;
  const name = memory.members.newName('soak member');
  memory.members.note(name, 'maybe');
  const email = `${name.replace(` ${tenant.marker}`, '').replaceAll(' ', '-')}@everywhere.test`;
  const made = await turn.ask({ document: invite, variables: { input: { email, name, role: 'MEMBER' } }, caller: turn.pick(tenant.writers) });
  const id = at(made.data, 'addMember', 'member', 'id');
  if (made.lost || typeof id !== 'string') return;
  // Who was removed is kept, as somebody who left.
  memory.members.note(name, 'present');
  await turn.ask({ document: dismiss, variables: { input: { id } }, caller: turn.pick(tenant.writers) });
}

const issue = `mutation Issue($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { ${failure} ... on CreateApiKeySuccess { secret apiKey { id name owner { id name } } } }
}`;
const revoke = `mutation Revoke($input: RevokeApiKeyInput!) {
  revokeApiKey(input: $input) { ${failure} ... on RevokeApiKeySuccess { apiKey { id name revokedAt } } }
}`;
const whoAmI = '{ viewer { organization { id name } member { id name } } }';

/** A key opens its own tenant's door as long as it lives, and none when it was taken back. */
async function keys(turn: Turn): Promise<void> {
  const { tenant, memory } = turn;
  const name = memory.keys.newName('soak key');
  memory.keys.note(name, 'maybe');
  const writer = turn.pick(tenant.writers);
  const made = await turn.ask({ document: issue, variables: { input: { name, scopes: ['*'] } }, caller: writer });
  const token = at(made.data, 'createApiKey', 'secret');
  const id = at(made.data, 'createApiKey', 'apiKey', 'id');
  if (made.lost || typeof token !== 'string') return;
  memory.keys.note(name, 'present');
  await turn.ask({ document: whoAmI, caller: { token } });
  const revoked = await turn.ask({ document: revoke, variables: { input: { id } }, caller: writer });
  if (!revoked.lost) await turn.ask({ document: whoAmI, caller: { token }, codes: ['UNAUTHENTICATED'] });
}

const describeSelf = `mutation Describe($input: UpdateOrganizationInput!) {
  updateOrganization(input: $input) { ${failure} ... on UpdateOrganizationSuccess { organization { id name description } } }
}`;

async function organization(turn: Turn): Promise<void> {
  const input = { description: `about ${turn.random(1_000_000)} ${turn.tenant.marker}` };
  await turn.ask({ document: describeSelf, variables: { input }, caller: turn.pick(turn.tenant.writers) });
}

export const writes: readonly Work[] = [
  { name: 'createWorkflow with a key that everybody uses', weight: 5, run: createWorkflow },
  { name: 'updateWorkflow', weight: 5, run: updateWorkflow },
  { name: 'deleteWorkflow', weight: 4, run: deleteWorkflow },
  { name: 'schedules made and deleted', weight: 3, run: schedules },
  { name: 'members added and removed', weight: 2, run: members },
  { name: 'keys issued, used and revoked', weight: 2, run: keys },
  { name: 'updateOrganization', weight: 2, run: organization },
];
