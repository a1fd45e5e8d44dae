import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MEMBER_LIVE_KEYS_MAX, ORGANIZATION_LIVE_KEYS_MAX } from '../../src/domains/api-keys/api-key.rules.ts';
import { toGlobalId, uuidOf } from '../../src/kernel/ids.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { type KeyWorld, openKeyWorld } from './world.ts';

// Nobody makes more keys than can be ended: a thief would make them as insurance against the report of a leaked one.

const WITHOUT_NUMBER = 60;

let world: KeyWorld;
beforeAll(async () => {
  world = await openKeyWorld();
});
afterAll(() => world?.close());

const LIVE = `status = 'active' AND (expires_at IS NULL OR expires_at > now())`;
const countOf = async (where: string, ...values: unknown[]) => Number((await world.sql(`SELECT count(*) FROM iam.api_keys WHERE ${where}`, ...values))[0]!['count']);
const liveOf = (memberId: string) => countOf(`${LIVE} AND user_id = (SELECT user_id FROM iam.memberships WHERE id = $1)`, uuidOf('Member', memberId));
const liveOfAll = () => countOf(`${LIVE} AND org_id = $1`, world.acme.orgUuid);

let filled = 0;
/** Keys without a secret that anybody knows, made by the key with an id if one is given. */
async function fill(memberId: string, count: number, { expiresAt = null, madeBy = null }: { expiresAt?: Date | null; madeBy?: string | null } = {}): Promise<void> {
  await world.sql(
    `INSERT INTO iam.api_keys (org_id, user_id, name, prefix, fingerprint, secret_hash, expires_at, made_by_key_id)
     SELECT m.org_id, m.user_id, 'filled ' || $3 || ' ' || n, 'tk_filled', sha256(convert_to('filled ' || $3 || ' ' || n, 'UTF8')), '$argon2id$none', $4, $5
     FROM iam.memberships m, generate_series(1, $2::int) n WHERE m.id = $1`,
    ...[uuidOf('Member', memberId), count, String((filled += 1)), expiresAt, madeBy],
  );
}

let made = 0;
const create = (input: object = {}, as?: string) => world.codeOf('createApiKey', { name: `one more ${(made += 1)}`, scopes: ['workflow:read'], ...input }, as);
const messageOf = async (input: object, as: string) => {
  const query = 'mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { __typename ... on Error { message } } }';
  return (await world.api.call(query, { input: { name: 'too many', scopes: ['workflow:read'], ...input } }, { as })).data.createApiKey;
};

/** Does it while the owner's membership is held, so that several come to count at the same time. */
async function together<Result>(work: () => Promise<Result>[]): Promise<Result[]> {
  return withClient(world.api.database.superuserUrl, async (client) => {
    // Asked outside of this transaction, which would be answered the same for as long as it lasts.
    const waiting = async () => Number((await world.sql(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`))[0]!['count']);
    await client.query('BEGIN');
    await client.query('SELECT id FROM iam.memberships WHERE id = $1 FOR UPDATE', [uuidOf('Member', world.acme.members.owner)]);
    const running = work();
    await expect.poll(waiting, { timeout: 20_000 }).toBeGreaterThan(1);
    await client.query('ROLLBACK');
    return Promise.all(running);
  });
}

describe('a member who has as many keys at work as one may have', () => {
  test('was let in up to the bound and not past it, also by sixty that come at once', async () => {
    const { owner } = world.acme.members;
    const as = await world.fresh();
    await fill(owner, MEMBER_LIVE_KEYS_MAX - 1 - (await liveOf(owner)));
    const codes = await together(() => Array.from({ length: WITHOUT_NUMBER }, () => create({}, as)));
    expect(await liveOf(owner)).toBe(MEMBER_LIVE_KEYS_MAX);
    expect(codes.filter((code) => code === 'done')).toHaveLength(1);
    expect(['done', 'CONFLICT', 'SERVICE_UNAVAILABLE']).toEqual(expect.arrayContaining([...new Set(codes)]));
    expect(codes).toContain('CONFLICT');
    expect(await messageOf({}, as)).toEqual({ __typename: 'ConflictError', message: 'This member has 1,000 API keys that are at work: revoke some first.' });
  });

  test('gets one more for each that is revoked or runs out, rotates without an overlap, and with one is refused', async () => {
    const as = await world.fresh();
    const { owner } = world.acme.members;
    const [one] = await world.sql(`SELECT id FROM iam.api_keys WHERE name LIKE 'filled 1 %' AND ${LIVE} LIMIT 1`);
    const [other] = await world.sql(`SELECT id FROM iam.api_keys WHERE name LIKE 'one more %' AND ${LIVE}`);
    const id = toGlobalId('ApiKey', other!['id']);
    expect(await world.codeOf('rotateApiKey', { id, overlapSeconds: 60 }, as)).toBe('CONFLICT');
    expect(await world.codeOf('rotateApiKey', { id }, as)).toBe('done');
    await world.sql(`UPDATE iam.api_keys SET expires_at = now() - interval '1 day' WHERE id = $1`, one!['id']);
    expect(await create({}, as)).toBe('done');
    expect(await create({}, as)).toBe('CONFLICT');
    // Others are not held to what this one has.
    expect(await create({ memberId: world.acme.members.viewer }, as)).toBe('done');
    expect(await liveOf(owner)).toBe(MEMBER_LIVE_KEYS_MAX);
  });
});

test('an organization has no more keys at work than its bound, whoever they act for', async () => {
  const { customer, member } = world.acme.members;
  const as = await world.fresh();
  await fill(customer, ORGANIZATION_LIVE_KEYS_MAX - 1 - (await liveOfAll()));
  const codes = await together(() => Array.from({ length: WITHOUT_NUMBER }, () => create({ memberId: member }, as)));
  expect(await liveOfAll()).toBe(ORGANIZATION_LIVE_KEYS_MAX);
  expect(codes.filter((code) => code === 'done')).toHaveLength(1);
  const refused = await messageOf({ memberId: member }, as);
  expect(refused.message).toBe('This organization has 5,000 API keys that are at work: revoke some first.');
});

describe('what has run out is not counted, and so it does not stand in the way of an end either', () => {
  const BEYOND_ONE_STATEMENT = 33_000;

  test('a key that has made more of them than one statement can name is reported, and its owner removed', async () => {
    const { admin, customer, viewer } = world.acme.members;
    await world.sql(`UPDATE iam.api_keys SET status = 'revoked', revoked_at = now() WHERE name LIKE 'filled%'`);
    const as = await world.fresh();
    const leaked = await world.create({ memberId: admin }, as);
    await fill(admin, BEYOND_ONE_STATEMENT, { expiresAt: new Date(world.now().getTime() - 86_400_000), madeBy: leaked.uuid });
    await fill(viewer, 20, { madeBy: leaked.uuid });
    await fill(customer, 20);
    const before = await countOf(`status = 'active' AND made_by_key_id = $1`, leaked.uuid);
    expect(before).toBe(BEYOND_ONE_STATEMENT + 20);
    await world.api.call('mutation ($secret: String!) { revokeLeakedKey(input: { secret: $secret }) { __typename } }', { secret: leaked.secret });
    expect(await world.entry(leaked.secret)).toBe('UNAUTHENTICATED');
    expect(await countOf(`${LIVE} AND made_by_key_id = $1`, leaked.uuid)).toBe(0);
    expect(await world.codeOf('removeMember', { id: admin }, as)).toBe('done');
    expect(await world.codeOf('removeMembers', { ids: [customer] }, as)).toBe('done');
    expect([await liveOf(admin), await liveOf(customer)]).toEqual([0, 0]);
  });
});
