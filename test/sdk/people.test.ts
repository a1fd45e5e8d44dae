import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  acceptInvitationMutation,
  apiKeysQuery,
  createApiKeyMutation,
  createClient,
  expectSuccess,
  refreshSessionMutation,
  registerMutation,
  requestPasswordResetMutation,
  resetPasswordMutation,
  rotateApiKeyMutation,
  signOutMutation,
  stepUpMutation,
  verifyEmailMutation,
  viewerQuery,
} from '../../src/sdk/index.ts';
import { outboxOf, type TestOutbox } from '../harness/outbox.ts';
import { startServed, type Served } from './served.ts';

const email = 'ada@example.test';
const password = 'seven green bottles on a wall';

let served: Served;
let outbox: TestOutbox;
beforeAll(async () => {
  served = await startServed();
  outbox = outboxOf(served.testApp);
});
afterAll(() => served?.close());

test('a person comes in, stays in, joins, makes and rotates a key, and comes back with the ready documents', async () => {
  const { url, acme } = served;
  const nobody = createClient({ url });
  const as = (token: string) => createClient({ url, token });
  expect(expectSuccess((await nobody.request(registerMutation, { input: { email, password } })).register).sentTo).toBe(email);
  const { token } = await outbox.last(email);
  const verified = expectSuccess((await nobody.request(verifyEmailMutation, { input: { token, password } })).verifyEmail);

  // With the access token still in its header, as programs send it with everything.
  const { refreshToken } = verified;
  const refreshed = expectSuccess((await as(verified.accessToken).request(refreshSessionMutation, { input: { refreshToken } })).refreshSession);
  await expect(as(verified.accessToken).request(viewerQuery)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  const client = as(refreshed.accessToken);
  expect(expectSuccess((await client.request(stepUpMutation, { input: { proof: { password } } })).stepUp).recoveryCodesLeft).toBeNull();

  await served.testApp.call('mutation { inviteMember(input: { email: "ada@example.test", role: MEMBER }) { __typename } }', {}, { as: acme.keys.owner });
  const invitation = await outbox.last(email);
  const accepted = await client.request(acceptInvitationMutation, { input: { token: invitation.token } });
  expect(expectSuccess(accepted.acceptInvitation)).toMatchObject({ organizationId: acme.organizationId, accessToken: null });

  const made = await client.request(createApiKeyMutation, { input: { name: 'Import', scopes: ['workflow:read'], monthlyLimit: 100 } });
  const { id } = expectSuccess(made.createApiKey).apiKey;
  const rotated = expectSuccess((await client.request(rotateApiKeyMutation, { input: { id } })).rotateApiKey);
  expect(rotated.secret).toMatch(/^tk_/);
  const { apiKeys } = await client.request(apiKeysQuery, { filter: { revoked: false } });
  expect(apiKeys.edges.map(({ node }) => node)).toMatchObject([{ id: rotated.apiKey.id, usedThisMonth: 0, monthlyLimit: 100, lastUsedAt: null }]);

  expect(expectSuccess((await client.request(signOutMutation)).signOut).signedOut).toBe(true);
  await expect(client.request(viewerQuery)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  await nobody.request(requestPasswordResetMutation, { input: { email } });
  const reset = await nobody.request(resetPasswordMutation, { input: { token: (await outbox.last(email)).token, password: 'six brown bottles on a shelf' } });
  expect(reset.resetPassword).toMatchObject({ __typename: 'ResetPasswordSuccess', accessToken: expect.stringMatching(/^ta_/) });
});
