import { afterAll, beforeAll, expect, test } from 'vitest';
import { generateApiKey } from '../../src/domains/auth/index.ts';
import { MUTATION_CALLS } from '../harness/mutation-calls.ts';
import { PASSWORD, seedWorld, signIn, type World } from '../harness/world.ts';
import { openTrailWorld, type TrailWorld } from './trail.ts';

let world: TrailWorld;
let other: World;
beforeAll(async () => {
  world = await openTrailWorld();
  other = await seedWorld(world.api, 'other', world.operator.userId);
});
afterAll(() => world?.close());

/** All columns of the database that hold a hash, as the texts in which they could turn up somewhere. */
async function hashes(): Promise<string[]> {
  const rows = await world.sql(`
    SELECT fingerprint AS bytes, secret_hash AS text FROM iam.api_keys
    UNION ALL SELECT access_hash, NULL FROM iam.sessions UNION ALL SELECT refresh_hash, NULL FROM iam.sessions
    UNION ALL SELECT NULL, password_hash FROM iam.users WHERE password_hash IS NOT NULL`);
  return rows.flatMap(({ bytes, text }) => [
    ...(bytes ? [(bytes as Buffer).toString('hex'), (bytes as Buffer).toString('base64'), (bytes as Buffer).toString('base64url')] : []),
    ...(text ? [text as string] : []),
  ]);
}

test('no event holds a secret, a hash, a password, an address or a name of a person, or what a workflow is given', async () => {
  const { acme, api } = world;
  const secrets = new Set<string>([PASSWORD, ...Object.values(acme.keys), ...Object.values(other.keys)]);
  const note = (answer: { data: any }): void => {
    for (const result of Object.values<any>(answer.data ?? {})) {
      for (const name of ['secret', 'accessToken', 'refreshToken', 'apiKeySecret']) if (result?.[name]) secrets.add(result[name]);
    }
  };
  const as = await signIn(api.app, acme.email('owner'));
  secrets.add(as);
  note(await api.call('mutation ($p: String!) { signIn(input: { email: "owner@acme.test", password: $p }) { ... on SignInSuccess { accessToken refreshToken } } }', { p: PASSWORD }));
  note(await api.call('mutation { createApiKey(input: { name: "One", scopes: ["*"] }) { ... on CreateApiKeySuccess { secret } } }', {}, { as }));
  note(await api.call(`mutation { rotateApiKey(input: { id: "${acme.viewerKeyId}" }) { ... on RotateApiKeySuccess { secret } } }`, {}, { as }));
  note(await api.call('mutation { createOrganization(input: { name: "Third", adminEmail: "third@third.test", adminName: "Thirdperson" }) { ... on CreateOrganizationSuccess { apiKeySecret } } }', {}, { as: world.operator.token }));
  // What runs are given, and what documents say, may hold anything.
  const document = { document: { dsl: '1.0.0', namespace: 'n', name: 'n', version: '1.0.0' }, do: [{ call: { set: { token: 'a token in a document' } } }] };
  await world.mutate('createWorkflow', { name: 'With a token', definition: document }, as);
  await world.mutate('updateWorkflow', { id: acme.workflowIds[1], definition: document }, as);
  await world.mutate('createSchedule', { workflowId: acme.workflowIds[0], name: 'S', cron: '0 0 * * *', input: { token: 'a token in an input' } }, as);
  await world.mutate('updateSchedule', { id: acme.scheduleId, input: { token: 'a token in an input' } }, as);
  for (const [mutation, input] of Object.entries(MUTATION_CALLS)) await world.mutate(mutation, input(acme), as);
  // What is refused may hold anything too.
  const mistyped = generateApiKey();
  for (const key of [mistyped, acme.keys.viewer]) await api.call('{ members { totalCount } }', {}, { as: key });
  await world.mutate('createWorkflow', { name: 'A name in a refusal', definition: document }, acme.keys.customer);

  const log = JSON.stringify(await world.sql('SELECT * FROM events.events'));
  expect(log.length).toBeGreaterThan(10_000);
  const words = [
    ...secrets,
    mistyped,
    ...(await hashes()),
    'a token in a document',
    'a token in an input',
    'A name in a refusal',
    'acme.test',
    'third.test',
    'Thirdperson',
    'The manager',
  ];
  expect(secrets.size).toBeGreaterThan(17);
  // The control: all of them are words that a look through the log would find.
  for (const word of words) expect(word.length).toBeGreaterThan(7);
  expect(words.filter((word) => log.includes(word))).toEqual([]);
});

test("what happens in an organization is in its own log alone, and no statement reads another one's", async () => {
  const { acme, api } = world;
  const { events } = await world.eventsOf(async () => {
    for (const mutation of ['updateOrganization', 'createApiKey', 'createWorkflow', 'appendEvents']) await world.mutate(mutation, MUTATION_CALLS[mutation]!(other), other.keys.owner);
  });
  expect(new Set(events.map(({ orgId }) => orgId))).toEqual(new Set([other.orgUuid]));
  const inside = [acme.organizationId, acme.orgUuid, ...Object.values(acme.members), ...acme.workflowIds];
  const log = JSON.stringify(await world.sql('SELECT * FROM events.events WHERE org_id = $1', other.orgUuid));
  expect(inside.filter((id) => log.includes(id))).toEqual([]);
  // Whoever may read the audit here reads this one.
  const answer = await api.call('{ events(first: 100) { edges { node { id } } } }', {}, { as: other.keys.owner });
  expect(answer.errors).toBeUndefined();
  expect(answer.data.events.edges.length).toBeGreaterThan(0);
});
