import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { mutationQuery } from '../harness/mutation-calls.ts';
import { outboxOf } from '../harness/outbox.ts';
import { appointOperator, seedWorld, signIn } from '../harness/world.ts';

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api?.close());

test('that an organization was deleted is told to its administrators by mail, and to nobody else', async () => {
  const world = await seedWorld(api, 'ending', (await appointOperator(api)).userId, 1);
  const other = await seedWorld(api, 'going-on', (await appointOperator(api)).userId, 1);
  const outbox = outboxOf(api);
  const subjectsTo = async (email: string) => (await outbox.all(email)).map(({ subject }) => subject).filter((subject) => subject.includes('was deleted'));
  const owner = await signIn(api.app, world.email('owner'));
  const remove = (slug: string) => api.call(mutationQuery('deleteOrganization', { slug }), { input: { slug } }, { as: owner });
  expect((await remove('another')).data.deleteOrganization.code).toBe('VALIDATION_FAILED');
  expect(await subjectsTo(world.email('admin'))).toEqual([]);
  expect((await remove(world.slug)).data.deleteOrganization.__typename).toBe('DeleteOrganizationSuccess');
  expect(await subjectsTo(world.email('admin'))).toEqual(['Organization ending was deleted']);
  for (const email of [world.email('manager'), world.email('viewer'), other.email('admin')]) expect(await subjectsTo(email)).toEqual([]);
});
