import { afterAll, beforeAll, expect, test } from 'vitest';
import { openServer, PROOF_OVER_MS, type Server } from './server.ts';

let server: Server;
beforeAll(async () => {
  server = await openServer();
});
afterAll(() => server?.close());

test('an owner who has closed the organization is let in nowhere, and deletes it all the same, with a recent proof', async () => {
  const { organizationId: id, slug, email } = await server.company('closed', 1);
  const [as, admin] = [await server.session(email('owner')), await server.session(email('admin'))];
  expect(await server.does('deactivateOrganization', {}, as)).toBe('done');
  expect(await server.does('deleteOrganization', { slug }, as)).toBe('ORG_NOT_ACTIVE');
  expect(await server.does('deleteOrganization', { id, slug }, admin)).toBe('NOT_FOUND');
  server.pass(PROOF_OVER_MS);
  expect(await server.does('deleteOrganization', { id, slug }, as)).toBe('STEP_UP_REQUIRED');
  expect(await server.does('deleteOrganization', { id, slug }, await server.session(email('owner')))).toBe('done');
});

test('an operator deletes a suspended one from outside, with a recent proof', async () => {
  const { organizationId: id, slug, keys } = await server.company('suspended', 1);
  const as = await server.operatorSession();
  expect(await server.does('suspendOrganization', { id }, as)).toBe('done');
  server.pass(PROOF_OVER_MS);
  expect(await server.does('deleteOrganization', { id, slug }, as)).toBe('STEP_UP_REQUIRED');
  expect(await server.does('deleteOrganization', { id, slug }, await server.operatorSession())).toBe('done');
  expect((await server.call('{ viewer { kind } }', {}, { as: keys.owner })).errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
});
