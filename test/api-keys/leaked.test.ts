import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { generateApiKey } from '../../src/domains/auth/index.ts';
import { startTestApp } from '../harness/app.ts';
import { startTestServer } from '../harness/http.ts';
import { outboxOf } from '../harness/outbox.ts';
import { type KeyWorld, openKeyWorld } from './world.ts';

const HOUR_MS = 60 * 60_000;

let world: KeyWorld;
beforeAll(async () => {
  world = await openKeyWorld();
});
afterAll(() => world?.close());
// So many mails are sent within an hour: no test takes those of the next.
beforeEach(() => world.pass(HOUR_MS));

const REPORT = 'mutation ($secret: String!) { revokeLeakedKey(input: { secret: $secret }) { ... on RevokeLeakedKeySuccess { received } ... on Error { code } } }';
const report = (secret: string, as?: string) => world.api.call(REPORT, { secret }, { as });
const mangled = (secret: string): string => `${secret.slice(0, -1)}${secret.endsWith('0') ? '1' : '0'}`;

describe('whoever holds the secret of a key', () => {
  test('ends it at once without signing in; its owner is told, and the log has it as done by the server', async () => {
    const key = await world.create({ name: 'In a public place' });
    expect(await world.entry(key.secret)).toBeNull();
    const { result, events } = await world.eventsOf(() => report(key.secret));
    expect(result.data).toEqual({ revokeLeakedKey: { received: true } });
    expect(await world.entry(key.secret)).toBe('UNAUTHENTICATED');
    expect(await world.row(key)).toMatchObject({ status: 'revoked', revoked_reason: 'leaked' });
    expect(events).toMatchObject([
      {
        orgId: world.acme.orgUuid,
        type: 'API_KEY.REVOKED',
        aggregate: `apiKey:${key.uuid}`,
        data: { reason: 'leaked' },
        actor: { kind: 'system', userId: null, membershipId: null, credentialId: null },
      },
    ]);
    const mail = (await outboxOf(world.api).all(world.acme.email('owner'))).at(-1)!;
    expect(mail.subject).toBe(`Your API key ${key.secret.slice(0, 9)}... was revoked`);
    expect(mail.text).toContain(key.secret.slice(0, 9));
    expect(`${mail.subject} ${mail.text}`).not.toContain('public place');
    expect(mail.text).not.toContain(key.secret.slice(9));
  });

  test('ends it also from where it may not be used, by itself, in the name of another organization, and in a second process', async () => {
    const bound = await world.create({ allowedNetworks: ['192.0.2.0/24'] });
    const own = await world.create();
    const elsewhere = await world.create();
    await report(bound.secret);
    await report(own.secret, own.secret);
    const other = await startTestApp({ database: world.api.database });
    expect((await other.call('{ organization { slug } }', {}, { as: elsewhere.secret })).errors).toBeUndefined();
    await report(elsewhere.secret, world.operator.token);
    await expect.poll(async () => (await other.call('{ organization { slug } }', {}, { as: elsewhere.secret })).errors?.[0]?.extensions.code, { timeout: 20_000 }).toBe('UNAUTHENTICATED');
    await other.close();
    for (const key of [bound, own, elsewhere]) expect(await world.row(key)).toMatchObject({ revoked_reason: 'leaked' });
  });

  test('ends it once: a second report, also at the same time, leaves no second event and no second mail', async () => {
    const key = await world.create();
    const { events } = await world.eventsOf(() => Promise.all(Array.from({ length: 5 }, () => report(key.secret))));
    await report(key.secret);
    expect(events.filter(({ type }) => type === 'API_KEY.REVOKED')).toHaveLength(1);
    const mails = await outboxOf(world.api).all();
    expect(mails.filter(({ subject }) => subject.includes(key.secret.slice(0, 9)))).toHaveLength(1);
  });
});

test('whoever makes keys for somebody who has asked for none, and reports them, sends five mails an hour, in no words of their own', async () => {
  const to = world.acme.email('viewer');
  const memberId = world.acme.members.viewer;
  const mails = () => outboxOf(world.api).all(to);
  const before = (await mails()).length;
  const reported = async (name: string) => report((await world.create({ name, memberId, scopes: ['workflow:read'] })).secret);
  for (let count = 0; count < 7; count += 1) await reported(`Call +1 555 0100 or see https://evil.test/${count}`);
  const sent = (await mails()).slice(before);
  expect(sent).toHaveLength(5);
  for (const { subject, text } of sent) expect(`${subject} ${text}`).not.toMatch(/555|evil/);
  world.pass(HOUR_MS);
  await reported('An hour later');
  expect(await mails()).toHaveLength(before + 6);
});

describe('whoever does not', () => {
  test('is answered alike, to the letter, and nothing ends', async () => {
    const key = await world.create();
    const answers = [];
    for (const secret of [generateApiKey(), mangled(key.secret), 'tk_', '', 'anything', key.secret.toLowerCase()]) answers.push((await report(secret)).data);
    expect(answers).toEqual(answers.map(() => ({ revokeLeakedKey: { received: true } })));
    expect(await world.entry(key.secret)).toBeNull();
  });

  test('costs the same look-up whether there is such a key or not, and none when the checksum is wrong', async () => {
    const revoked = await world.create();
    await report(revoked.secret);
    const statementsOf = async (secret: string) => (await world.api.statementsOf(() => report(secret))).statements.map(({ text }) => text).filter((text) => text.includes('iam.'));
    const unknown = await statementsOf(generateApiKey());
    expect(unknown).toHaveLength(1);
    expect(unknown[0]).toContain('iam.find_api_key');
    expect(await statementsOf(mangled(revoked.secret))).toEqual([]);
  });

  test('may not send texts without end', async () => {
    expect((await report('x'.repeat(201))).data).toEqual({ revokeLeakedKey: { code: 'VALIDATION_FAILED' } });
  });

  test('may not guess for long: reports are counted for each network', async () => {
    const limited = await startTestApp({ environment: { RATE_LIMITS: 'on', SIGN_IN_ATTEMPTS_PER_NETWORK: '3' } });
    const server = await startTestServer(limited);
    const codes = [];
    for (let count = 0; count < 4; count += 1) {
      const body = JSON.stringify({ query: REPORT, variables: { secret: generateApiKey() } });
      const answer = await fetch(server.url, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
      codes.push(((await answer.json()) as { errors?: { extensions: { code: string } }[] }).errors?.[0]?.extensions.code ?? null);
    }
    await server.close();
    await limited.close();
    expect(codes).toEqual([null, null, null, 'RATE_LIMITED']);
  });
});
