import type { Caller, SoakTenant } from '../soak/tenants.ts';
import { marked } from '../soak/tenants.ts';
import { at } from '../soak/turn.ts';
import { type CacheWorld, ownerOf, walkerIn } from './world.ts';

const failure = '__typename ... on Error { code message }';
const create = `mutation Create($input: CreateWorkflowInput!) {
  createWorkflow(input: $input) { ${failure} ... on CreateWorkflowSuccess { workflow { id name } } }
}`;
const whoAmI = 'query Me { viewer { role organization { id name } member { id name } } workflows(first: 2, filter: { slug: { startsWith: "fixed-" } }) { edges { node { id name } } } }';

const issue = `mutation Issue($input: CreateApiKeyInput!) {
  createApiKey(input: $input) { ${failure} ... on CreateApiKeySuccess { secret apiKey { id name } } }
}`;

/** One idempotency key and one input, used at once by everybody: each person of each tenant gets its own row. */
export async function idempotency(world: CacheWorld): Promise<void> {
  const callers = world.tenants.flatMap((tenant) => tenant.writers.map((caller) => ({ tenant, caller })));
  // The same words of all, so that only whose key it is tells the requests apart; its name then says nothing of whose it is.
  const input = { name: 'The same everywhere', scopes: ['workflow:read'], idempotencyKey: `everybody's ${world.cases()}` };
  const send = async ({ tenant, caller }: { tenant: SoakTenant; caller: Caller }): Promise<unknown> => {
    const { data } = await world.ask(tenant, caller, issue.replace('id name', 'called: id'), { input });
    return at(data, 'createApiKey', 'apiKey', 'called');
  };
  const ids = await Promise.all(callers.map(send));
  const again = await Promise.all(callers.map(send));
  if (again.join() !== ids.join()) world.witness.report('idempotency', 'a repeated request got another row');
  for (const [place] of world.tenants.entries()) {
    // The owner's key, an administrator's key and the owner's session: the first and the last are one person.
    const [owner, admin, session] = ids.slice(place * 3, place * 3 + 3);
    if (typeof owner !== 'string' || owner !== session) world.witness.report('idempotency', 'a person is another one by another door');
    if (owner === admin) world.witness.report('idempotency', 'a repeated request of one person was answered with the row of another');
  }
  const people = new Set(ids);
  if (people.size !== world.tenants.length * 2) world.witness.report('idempotency', 'two tenants or people shared one row');
}

const revoke = `mutation Revoke($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { ${failure} } }`;
const rotate = `mutation Rotate($input: RotateApiKeyInput!) {
  rotateApiKey(input: $input) { ${failure} ... on RotateApiKeySuccess { secret apiKey { id name } } }
}`;

/** A key that was used a moment ago, by many at once, is void at the next request; so is one that was replaced. */
export async function revocation(world: CacheWorld): Promise<void> {
  for (const tenant of world.tenants) {
    const owner = ownerOf(tenant);
    const made = await world.ask(tenant, owner, issue, { input: { name: `Short-lived ${tenant.marker}`, scopes: ['*'], idempotencyKey: 'short' } });
    const repeated = await world.ask(tenant, owner, issue, { input: { name: `Short-lived ${tenant.marker}`, scopes: ['*'], idempotencyKey: 'short' } });
    if (at(repeated.data, 'createApiKey', 'secret') !== null) world.witness.report('revocation', 'a repeated request showed the secret');
    const token = String(at(made.data, 'createApiKey', 'secret'));
    const id = at(made.data, 'createApiKey', 'apiKey', 'id');
    const warm = await Promise.all([1, 2, 3].map(() => world.ask(tenant, { token }, whoAmI)));
    for (const answer of warm) world.expectCodes('a new key', answer);
    const rotated = await world.ask(tenant, owner, rotate, { input: { id } });
    const next = String(at(rotated.data, 'rotateApiKey', 'secret'));
    world.expectCodes('a replaced key', await world.ask(tenant, { token }, whoAmI), 'UNAUTHENTICATED');
    world.expectCodes('the new one', await world.ask(tenant, { token: next }, whoAmI));
    await world.ask(tenant, owner, revoke, { input: { id: at(rotated.data, 'rotateApiKey', 'apiKey', 'id') } });
    world.expectCodes('a revoked key', await world.ask(tenant, { token: next }, whoAmI), 'UNAUTHENTICATED');
  }
}

const setRole = `mutation Role($input: UpdateMemberRoleInput!) { updateMemberRole(input: $input) { ${failure} } }`;
const invite = `mutation Invite($input: AddMemberInput!) { addMember(input: $input) { ${failure} ... on AddMemberSuccess { member { id name } } } }`;
const dismiss = `mutation Dismiss($input: RemoveMemberInput!) { removeMember(input: $input) { ${failure} } }`;
const find = 'query Find($email: String!) { members(filter: { email: $email }) { edges { node { id name } } } }';

/** A role ends with its change, in the organization of the change and in no other. */
export async function roles(world: CacheWorld): Promise<void> {
  for (const tenant of world.tenants) {
    const owner = ownerOf(tenant);
    const email = `changing@${tenant.marker}.test`;
    const added = await world.ask(tenant, owner, invite, { input: { email, name: `Changing ${tenant.marker}`, role: 'MEMBER' } });
    const memberId = at(added.data, 'addMember', 'member', 'id');
    const made = await world.ask(tenant, owner, issue, { input: { name: `Changing ${tenant.marker}`, scopes: ['*'], memberId } });
    const caller = { token: String(at(made.data, 'createApiKey', 'secret')) };
    const write = (): ReturnType<CacheWorld['ask']> =>
      world.ask(tenant, caller, create, { input: { name: `By role ${tenant.marker}`, definition: marked(tenant.marker, 'role') } });
    world.expectCodes('as a member', await write());
    await world.ask(tenant, owner, setRole, { input: { id: memberId, role: 'VIEWER' } });
    world.expectCodes('as a viewer', await write(), 'FORBIDDEN');
    await world.ask(tenant, owner, setRole, { input: { id: memberId, role: 'MEMBER' } });
    world.expectCodes('as a member again', await write());
    await world.ask(tenant, owner, dismiss, { input: { id: memberId } });
    const [code] = (await world.ask(tenant, caller, whoAmI)).errors?.map(({ extensions }) => extensions.code) ?? [];
    if (code === undefined) world.witness.report('roles', 'the key of somebody who left opens the door');
  }
}

/** Who leaves one organization stays in the other, at once and with what is there alone. */
export async function leaving(world: CacheWorld): Promise<void> {
  const [left, kept] = world.tenants;
  if (left === undefined || kept === undefined) return;
  const [here, there] = [walkerIn(left), walkerIn(kept)];
  await Promise.all([world.ask(left, here, whoAmI), world.ask(kept, there, whoAmI)]);
  const found = await world.ask(left, ownerOf(left), find, { email: 'walker-0@walkers.test' });
  const id = at(found.data, 'members', 'edges', 0, 'node', 'id');
  await world.ask(left, ownerOf(left), dismiss, { input: { id } });
  const [gone, stays] = await Promise.all([world.ask(left, here, whoAmI), world.ask(kept, there, whoAmI)]);
  world.expectCodes('the one that was left', gone, 'FORBIDDEN');
  world.expectCodes('the other one', stays);
}

const suspend = `mutation Suspend($input: SuspendOrganizationInput!) { suspendOrganization(input: $input) { ${failure} } }`;
const activate = `mutation Activate($input: ActivateOrganizationInput!) { activateOrganization(input: $input) { ${failure} } }`;

/** An organization is shut and opened again: its keys follow at once, and those of its neighbour notice nothing. */
export async function suspension(world: CacheWorld): Promise<void> {
  const [tenant, neighbour] = world.tenants.slice(-2);
  const operator = tenant?.readers.at(-1);
  if (tenant === undefined || neighbour === undefined || operator === undefined) return;
  const input = { id: tenant.organizationId };
  for (let time = 0; time < 2; time += 1) {
    const order = { token: operator.token };
    world.expectCodes('suspending', await world.ask(tenant, order, suspend, { input: { ...input, reason: `For ${tenant.marker}` } }));
    const [shut, open] = await Promise.all([world.ask(tenant, ownerOf(tenant), whoAmI), world.ask(neighbour, ownerOf(neighbour), whoAmI)]);
    world.expectCodes('the suspended one', shut, 'ORG_NOT_ACTIVE');
    world.expectCodes('its neighbour', open);
    world.expectCodes('activating', await world.ask(tenant, order, activate, { input }));
    world.expectCodes('the active one', await world.ask(tenant, ownerOf(tenant), whoAmI));
  }
}
