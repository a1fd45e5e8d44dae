import { afterAll, beforeAll, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { mutationQuery } from '../harness/mutation-calls.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';

// What a new secret costs is bounded for each organization, and spent on what is done alone.

let api: TestApp;
let acme: World;
let globex: World;
let owners: Record<'acme' | 'globex', string>;
beforeAll(async () => {
  // One is made at a time, and nobody may wait.
  api = await startTestApp({ environment: { HASHES_AT_ONCE: '3', HASHES_WAITING: '0' } });
  const { userId } = await appointOperator(api);
  acme = await seedWorld(api, 'acme', userId, 1);
  globex = await seedWorld(api, 'globex', userId, 1);
  owners = { acme: await signIn(api.app, acme.email('owner')), globex: await signIn(api.app, globex.email('owner')) };
});
afterAll(() => api?.close());

const codeOf = async (mutation: string, input: object, as: string): Promise<string> => {
  const { data, errors } = await api.call(mutationQuery(mutation, input), { input }, { as });
  return errors?.[0]?.extensions.code ?? data[mutation].code ?? 'done';
};
const tally = (codes: readonly string[]): Record<string, number> =>
  Object.fromEntries([...Map.groupBy(codes, (code) => code)].map(([code, those]) => [code, those.length]));
const keyOf = (name: string) => ({ name, scopes: ['workflow:read'] });

test('of many keys that one organization wants at once the most are refused before any work, and another organization gets its own', async () => {
  const flood = Array.from({ length: 60 }, (_, index) => codeOf('createApiKey', keyOf(`flood ${index}`), owners.acme));
  const other = codeOf('createApiKey', keyOf('beside a flood'), owners.globex);
  const counts = tally(await Promise.all(flood));
  expect(await other).toBe('done');
  expect(counts['SERVICE_UNAVAILABLE']).toBeGreaterThan(0);
  expect(counts['done']! + counts['SERVICE_UNAVAILABLE']!).toBe(60);
  expect(await codeOf('createApiKey', keyOf('after the flood'), owners.acme)).toBe('done');
});

test('a repetition is answered without making a secret, however often it comes', async () => {
  const input = { ...keyOf('once'), idempotencyKey: 'create once' };
  expect(await codeOf('createApiKey', input, owners.acme)).toBe('done');
  const repeated = await Promise.all(Array.from({ length: 30 }, () => codeOf('createApiKey', input, owners.acme)));
  expect(tally(repeated)).toEqual({ done: 30 });
  expect(await codeOf('createApiKey', { ...input, name: 'another' }, owners.acme)).toBe('CONFLICT');
  const { data } = await api.call('{ apiKeys(first: 1) { edges { node { id name } } } }', {}, { as: owners.acme });
  expect(data.apiKeys.edges[0].node.name).toBe('once');
  const rotation = { id: data.apiKeys.edges[0].node.id as string, idempotencyKey: 'rotate once' };
  expect(await codeOf('rotateApiKey', rotation, owners.acme)).toBe('done');
  const again = await Promise.all(Array.from({ length: 30 }, () => codeOf('rotateApiKey', rotation, owners.acme)));
  expect(tally(again)).toEqual({ done: 30 });
});

test('so is what cannot be done', async () => {
  expect(await codeOf('revokeApiKey', { id: acme.viewerKeyId }, owners.acme)).toBe('done');
  const answers = await Promise.all(Array.from({ length: 30 }, () => codeOf('rotateApiKey', { id: acme.viewerKeyId }, owners.acme)));
  expect(tally(answers)).toEqual({ CONFLICT: 30 });
});
