import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { outboxOf } from '../harness/outbox.ts';
import { type KeyWorld, type MadeKey, openKeyWorld } from './world.ts';

// Whoever holds a leaked key that may manage keys has made others with it, or has rotated it: its report ends them too.

let world: KeyWorld;
beforeAll(async () => {
  world = await openKeyWorld();
});
afterAll(() => world?.close());
// So many mails are sent within an hour: no test takes those of the next.
beforeEach(() => world.pass(60 * 60_000));

const report = (secret: string) =>
  world.api.call('mutation ($secret: String!) { revokeLeakedKey(input: { secret: $secret }) { ... on RevokeLeakedKeySuccess { received } ... on Error { code } } }', { secret });
const ROTATE = 'mutation ($input: RotateApiKeyInput!) { rotateApiKey(input: $input) { ... on RotateApiKeySuccess { secret apiKey { id } } ... on Error { code message } } }';

async function rotate(key: MadeKey, as: string): Promise<MadeKey> {
  const { data } = await world.api.call(ROTATE, { input: { id: key.id } }, { as });
  const { secret } = data.rotateApiKey;
  const [row] = await world.sql('SELECT id FROM iam.api_keys WHERE prefix = $1 AND status = $2', secret.slice(0, 9), 'active');
  return { id: data.rotateApiKey.apiKey.id, uuid: row!['id'], secret };
}
const entries = async (keys: readonly MadeKey[]) => Promise.all(keys.map(({ secret }) => world.entry(secret)));
const endOf = async (key: MadeKey) => (await world.row(key))['revoked_reason'];
const prefixOf = ({ secret }: MadeKey): string => secret.slice(0, 9);
const lastMail = async (to: string) => (await outboxOf(world.api).all(to)).at(-1)!;

describe('whoever has copied a key that may manage keys', () => {
  test('does not outlive its report by rotating it: the successor ends, and all that was made on the way', async () => {
    const key = await world.create({ name: 'Copied' });
    const successor = await rotate(key, key.secret);
    const child = await world.create({ name: 'Kept in reserve' }, successor.secret);
    const grandchild = await world.create({ name: 'In deeper reserve' }, child.secret);
    const theirs = await world.create({ name: 'In another name', memberId: world.acme.members.admin }, child.secret);
    const line = [successor, child, grandchild, theirs];
    expect(await entries(line)).toEqual([null, null, null, null]);
    const { result, events } = await world.eventsOf(() => report(key.secret));
    expect(result.data).toEqual({ revokeLeakedKey: { received: true } });
    expect(await entries(line)).toEqual(Array(4).fill('UNAUTHENTICATED'));
    expect(await Promise.all([key, ...line].map(endOf))).toEqual(['rotated', 'leaked', 'leaked', 'leaked', 'leaked']);
    const ended = events.filter(({ type }) => type === 'API_KEY.REVOKED');
    expect(ended.map(({ aggregate }) => aggregate)).toEqual(line.map(({ uuid }) => `apiKey:${uuid}`));
    for (const { data, actor } of ended) {
      expect(data).toMatchObject({ reason: 'leaked', leakedKey: key.id });
      expect(actor).toMatchObject({ kind: 'system' });
    }
    const toOwner = await lastMail(world.acme.email('owner'));
    expect(toOwner.subject).toBe(`Your API key ${prefixOf(key)}... was revoked`);
    for (const text of ['had been revoked before', ...[key, ...line].map(prefixOf)]) expect(toOwner.text).toContain(text);
    const toAdmin = await lastMail(world.acme.email('admin'));
    expect(toAdmin.subject).toBe('API keys of yours were revoked');
    expect(toAdmin.text).toContain(prefixOf(theirs));
    for (const other of [key, successor, child, grandchild]) expect(toAdmin.text).not.toContain(prefixOf(other));
    // Who has made a key has chosen its name.
    expect(`${toOwner.text} ${toAdmin.text}`).not.toMatch(/Copied|reserve|another name/);
    for (const { secret } of line) expect(`${toOwner.text} ${toAdmin.text}`).not.toContain(secret.slice(9));
  });

  test('keeps what it made when the key is taken back, and loses it when the key is reported, or with its time', async () => {
    const expiresAt = new Date(world.now().getTime() + 60_000);
    const [revoked, expired] = [await world.create(), await world.create({ expiresAt })];
    const made = [await world.create({}, revoked.secret), await world.create({}, expired.secret)];
    await world.codeOf('revokeApiKey', { id: revoked.id });
    expect(await entries(made)).toEqual([null, null]);
    world.pass(60_001);
    for (const { secret } of [revoked, expired]) await report(secret);
    // What has run out with its maker opens no door any more, and is not ended once more.
    expect(await Promise.all([revoked, expired, ...made].map(endOf))).toEqual(['taken_back', 'leaked', 'leaked', null]);
    expect(await entries(made)).toEqual(['UNAUTHENTICATED', 'API_KEY_EXPIRED']);
  });

  test('does not get a key through while the report is under way', async () => {
    const key = await world.create();
    const name = 'Made in the last moment';
    await withClient(world.api.database.superuserUrl, async (client) => {
      const waiting = async () => Number((await client.query(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`)).rows[0].count);
      await client.query('BEGIN');
      // The name is taken for as long as this lasts: the key that is made waits for it, with its maker's row held.
      await client.query(
        `INSERT INTO iam.api_keys (org_id, user_id, name, prefix, fingerprint, secret_hash) SELECT org_id, user_id, $2, prefix, $3, '$argon2id$none' FROM iam.api_keys WHERE id = $1`,
        [key.uuid, name, randomBytes(32)],
      );
      const made = world.create({ name }, key.secret);
      await expect.poll(waiting, { timeout: 20_000 }).toBe(1);
      const reported = report(key.secret);
      await expect.poll(waiting, { timeout: 20_000 }).toBe(2);
      await client.query('ROLLBACK');
      const late = await made;
      await reported;
      expect(await world.entry(late.secret)).toBe('UNAUTHENTICATED');
      expect(await endOf(late)).toBe('leaked');
    });
  });

  test('cannot hide where a key comes from: it is shown, and nobody can change it', async () => {
    const key = await world.create();
    const child = await world.create({}, key.secret);
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { ... on ApiKey { madeByKeyId } } }';
    const { data } = await world.api.call(query, { ids: [key.id, child.id] }, { as: world.owner });
    expect(data.nodes).toEqual([{ madeByKeyId: null }, { madeByKeyId: toGlobalId('ApiKey', key.uuid) }]);
    const [right] = await world.sql(`SELECT has_column_privilege('tenantry_runtime', 'iam.api_keys', 'made_by_key_id', 'UPDATE') AS may`);
    expect(right).toEqual({ may: false });
  });
});

describe('a report ends nothing that its secret has not led to', () => {
  test('neither the successor that a person made, nor what other keys or people made', async () => {
    const key = await world.create();
    const copied = await world.create({}, key.secret);
    const other = await world.create();
    const untouched = [await world.create({}, other.secret), await rotate(copied, await world.fresh()), await rotate(key, await world.fresh()), other];
    await report(key.secret);
    expect(await entries(untouched)).toEqual([null, null, null, null]);
    await report(untouched[0]!.secret);
    expect(await entries(untouched)).toEqual(['UNAUTHENTICATED', null, null, null]);
  });

  test('nor anything a second time: one event and one mail for each', async () => {
    const key = await world.create();
    await Promise.all([world.create({}, key.secret), world.create({}, key.secret)]);
    const { events } = await world.eventsOf(() => Promise.all(Array.from({ length: 4 }, () => report(key.secret))));
    expect(events.filter(({ type }) => type === 'API_KEY.REVOKED')).toHaveLength(3);
    const mails = await outboxOf(world.api).all();
    expect(mails.filter(({ subject }) => subject.includes(prefixOf(key)))).toHaveLength(1);
  });

  test('nor a line without end: a mail lists the first keys and counts the rest', async () => {
    const key = await world.create();
    const made: MadeKey[] = [];
    for (let count = 0; count < 23; count += 1) made.push(await world.create({}, key.secret));
    await report(key.secret);
    const { text } = await lastMail(world.acme.email('owner'));
    expect(text).toContain('and 3 more');
    expect(made.filter((each) => text.includes(prefixOf(each)))).toHaveLength(20);
  });
});
