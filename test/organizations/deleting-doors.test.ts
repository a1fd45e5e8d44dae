import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { mutationQuery } from '../harness/mutation-calls.ts';
import { appointOperator, seedWorld, signIn } from '../harness/world.ts';

const ELEVEN_MINUTES_MS = 11 * 60_000;

let api: TestApp;
let operator: { readonly userId: string; readonly token: string };
let nowMs = Date.now();
beforeAll(async () => {
  api = await startTestApp({ clock: { now: () => new Date(nowMs) } });
  operator = await appointOperator(api);
});
afterAll(() => api?.close());

async function does(name: string, input: object, as: string): Promise<string> {
  const { data, errors } = await api.call(mutationQuery(name, input), { input }, { as });
  return errors?.[0]?.extensions.code ?? data[name].code ?? 'done';
}

test('an owner who has closed the organization is let in nowhere, and deletes it all the same, with a recent proof', async () => {
  const { organizationId: id, slug, email } = await seedWorld(api, 'closed', operator.userId, 1);
  const [as, admin] = [await signIn(api.app, email('owner')), await signIn(api.app, email('admin'))];
  expect(await does('deactivateOrganization', {}, as)).toBe('done');
  expect(await does('deleteOrganization', { slug }, as)).toBe('ORG_NOT_ACTIVE');
  expect(await does('deleteOrganization', { id, slug }, admin)).toBe('NOT_FOUND');
  nowMs += ELEVEN_MINUTES_MS;
  expect(await does('deleteOrganization', { id, slug }, as)).toBe('STEP_UP_REQUIRED');
  expect(await does('deleteOrganization', { id, slug }, await signIn(api.app, email('owner')))).toBe('done');
});

test('an operator deletes a suspended one from outside, with a recent proof', async () => {
  const { organizationId: id, slug, keys } = await seedWorld(api, 'suspended', operator.userId, 1);
  const as = await signIn(api.app, 'operator@platform.test');
  expect(await does('suspendOrganization', { id }, as)).toBe('done');
  nowMs += ELEVEN_MINUTES_MS;
  expect(await does('deleteOrganization', { id, slug }, as)).toBe('STEP_UP_REQUIRED');
  expect(await does('deleteOrganization', { id, slug }, await signIn(api.app, 'operator@platform.test'))).toBe('done');
  expect((await api.call('{ viewer { kind } }', {}, { as: keys.owner })).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
});
