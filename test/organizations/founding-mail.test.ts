import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { outboxOf } from '../harness/outbox.ts';
import { appointOperator } from '../harness/world.ts';

let api: TestApp;
let operator: string;
beforeAll(async () => {
  api = await startTestApp();
  operator = (await appointOperator(api)).token;
});
afterAll(() => api?.close());

const CREATE = 'mutation ($input: CreateOrganizationInput!) { createOrganization(input: $input) { ... on CreateOrganizationSuccess { organizationId } } }';
const RESET = 'mutation ($input: ResetPasswordInput!) { resetPassword(input: $input) { ... on ResetPasswordSuccess { accessToken } } }';

test('the owner of a new organization is told of it by mail, once, and comes in the way that the mail says', async () => {
  const outbox = outboxOf(api);
  const email = 'grace@initech.test';
  const input = { name: 'Initech', adminEmail: email, idempotencyKey: 'founding' };
  const { data } = await api.call(CREATE, { input }, { as: operator });
  const { organizationId } = data.createOrganization;
  expect((await api.call(CREATE, { input }, { as: operator })).data).toEqual(data);
  expect((await outbox.all(email)).map(({ subject }) => subject)).toEqual(['Initech was made for you']);
  await api.call(`mutation { requestPasswordReset(input: { email: "${email}" }) { __typename } }`);
  const { token } = await outbox.last(email);
  const reset = await api.call(RESET, { input: { token, password: 'seven green bottles on a wall' } });
  const as = reset.data.resetPassword.accessToken as string;
  const { data: seen } = await api.call('{ viewer { role organization { id } } }', {}, { as });
  expect(seen.viewer).toEqual({ role: 'OWNER', organization: { id: organizationId } });
});
