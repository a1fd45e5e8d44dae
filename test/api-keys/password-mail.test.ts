import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { outboxOf } from '../harness/outbox.ts';
import { appointOperator, PASSWORD, seedWorld, signIn, type World } from '../harness/world.ts';

// A new password ends sessions and no keys: whoever had got in may have made some. The mail about it says so.

let api: TestApp;
let acme: World;
let globex: World;
beforeAll(async () => {
  api = await startTestApp();
  const { userId } = await appointOperator(api);
  acme = await seedWorld(api, 'acme', userId, 1);
  globex = await seedWorld(api, 'globex', userId, 1);
});
afterAll(() => api?.close());

const NEW_PASSWORD = 'another battery of staples';
const input = (organization: World) => ({ 'x-organization-id': organization.organizationId });

async function call(query: string, variables: Record<string, unknown>, as?: string, organization?: World): Promise<any> {
  const { data, errors } = await api.call(query, variables, { as, ...(organization && { headers: input(organization) }) });
  expect(errors).toBeUndefined();
  return data;
}

test('says after a change of the password how many keys go on, in how many organizations, and what ends them', async () => {
  const address = acme.email('manager');
  const token = await signIn(api.app, address);
  await call('mutation ($input: AddMemberInput!) { addMember(input: $input) { ... on AddMemberSuccess { member { id } } } }', { input: { email: address, role: 'MEMBER' } }, globex.keys.owner);
  const create = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { apiKey { id } } } }';
  const make = async (organization: World, more: object) => {
    const { createApiKey } = await call(create, { input: { scopes: ['workflow:read'], ...more } }, token, organization);
    return createApiKey.apiKey.id as string;
  };
  // One that the owner has made for the manager is there already. Neither of these two counts.
  const revoked = await make(acme, { name: 'revoked' });
  await call('mutation ($input: RevokeApiKeyInput!) { revokeApiKey(input: $input) { ... on RevokeApiKeySuccess { apiKey { id } } } }', { input: { id: revoked } }, token, acme);
  await make(acme, { name: 'for another', memberId: acme.members.viewer });
  await make(globex, { name: 'elsewhere' });
  const change = 'mutation ($input: ChangePasswordInput!) { changePassword(input: $input) { ... on ChangePasswordSuccess { sessionsEnded } } }';
  await call(change, { input: { currentPassword: PASSWORD, newPassword: NEW_PASSWORD } }, token, acme);
  const { text, subject } = (await outboxOf(api).all(address)).at(-1)!;
  expect(subject).toContain('was changed');
  expect(text).toContain('3 API keys that act for you or were made by you go on working, in 2 organizations.');
  expect(text).toContain('revokeApiKey');
});

test('says it after a reset, of the person alone, and that there are none', async () => {
  const address = 'nobody@elsewhere.test';
  await signIn(api.app, address);
  for (const [to, says] of [
    [address, 'No API key acts for you'],
    [globex.email('customer'), '1 API key that acts for you or was made by you goes on working, in 1 organization.'],
  ] as const) {
    await signIn(api.app, to);
    await call('mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { ... on RequestPasswordResetSuccess { sentTo } } }', { email: to });
    const token = /token=([^\s]+)/.exec((await outboxOf(api).all(to)).at(-1)!.text)![1]!;
    await call('mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { __typename } }', { input: { token: decodeURIComponent(token), password: NEW_PASSWORD } });
    expect((await outboxOf(api).all(to)).at(-1)!.text).toContain(says);
  }
});
