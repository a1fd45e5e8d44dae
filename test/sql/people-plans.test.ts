import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { uuidOf } from '../../src/kernel/ids.ts';
import type { Step } from '../../src/platform/postgres/adapter/batch.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { explainTransaction, type RunPlan } from '../harness/nested-plans.ts';
import { nodesOf, rowsRead } from '../harness/plans.ts';
import { appointOperator, seedWorld, signIn, type World } from '../harness/world.ts';

// How PostgreSQL runs what the server asks about invitations, sessions, tokens and mails, those statements too that are in
// transactions and functions: as the server's role, with row level security, by the generic plan, on 50,000 of each.

const MANY = 50_000;
const TABLES = ['invitations', 'invitation_mails', 'memberships', 'organizations', 'sessions', 'sign_in_attempts', 'tokens', 'users'];
const PAGE = 20;

let api: TestApp;
let world: World;
let person: string;
let personId: string;

const sql = (text: string, ...values: unknown[]) => withClient(api.database.superuserUrl, async (client) => (await client.query<Record<string, unknown>>(text, values)).rows);

beforeAll(async () => {
  api = await startTestApp();
  world = await seedWorld(api, 'plans', (await appointOperator(api)).userId, 1);
  person = await signIn(api.app, world.email('owner'));
  [personId] = (await sql('SELECT id::text FROM iam.users WHERE email = $1', world.email('owner'))).map(({ id }) => id as string) as [string];
  await sql(
    `WITH people AS (INSERT INTO iam.users (email) SELECT 'person' || n || '@many.example' FROM generate_series(1, ${MANY}) n RETURNING id, email),
          sessions AS (INSERT INTO iam.sessions (user_id, access_hash, refresh_hash, refresh_family_hash, access_expires_at, refresh_expires_at, proved_at, refreshed_at)
                       SELECT id, sha256(email::bytea), sha256(('r' || email)::bytea), sha256(('f' || email)::bytea),
                              now() + interval '1 hour', now() + interval '30 days', now(), now() FROM people),
          tokens AS (INSERT INTO credentials.tokens (hash, purpose, user_id, mailed, expires_at, created_at)
                     SELECT sha256(('t' || email)::bytea), 'reset_password', id, true, now() + interval '2 hours', now() - random() * interval '3 hours' FROM people)
     INSERT INTO iam.memberships (org_id, user_id, email, role) SELECT $1, id, email, 'customer' FROM people`,
    world.orgUuid,
  );
  await sql(`INSERT INTO iam.organizations (name, slug, engine_namespace, status) SELECT 'Other ' || n, 'other-' || n, 'other-' || n, 'active' FROM generate_series(1, 5000) n`);
  // Nearly all were accepted, as it is after years; the open ones are few.
  await sql(
    `INSERT INTO iam.invitations (org_id, email, role, token_hash, invited_by_id, sent_at, expires_at, accepted_at, created_at)
     SELECT $1, 'asked' || n || '@many.example', 'viewer', sha256(('i' || n)::bytea), $2, at, at + interval '7 days', CASE WHEN n % 1000 > 0 THEN at END, at
     FROM generate_series(1, ${MANY}) n, LATERAL (SELECT now() - interval '1 day' - n * interval '1 minute' AS at) t`,
    ...[world.orgUuid, uuidOf('Member', world.members.admin)],
  );
  await sql(
    `INSERT INTO credentials.invitation_mails (recipient_hash, asked_by, mailed, asked_at)
     SELECT sha256(('asked' || n % 20000 || '@many.example')::bytea), uuidv7(), true, now() - random() * interval '20 hours' FROM generate_series(1, ${MANY}) n`,
  );
  await sql(
    `INSERT INTO credentials.sign_in_attempts SELECT sha256(('a' || n)::bytea), 1, 0, now() - random() * interval '60 hours' FROM generate_series(1, ${MANY}) n`,
  );
  await sql('VACUUM');
  // By itself: together with VACUUM it leaves out indexes that had nothing to be cleaned, and a partial one then seems empty.
  await sql('ANALYZE');
}, 300_000);
afterAll(() => api?.close());

/** The steps that `work` has sent, in transactions and outside; what transactions have changed is not kept. */
async function stepsOf(work: () => Promise<unknown>): Promise<Step[]> {
  const { pool } = api.app;
  const [run, pin] = [pool.run.bind(pool), pool.pin.bind(pool)];
  const sent: Step[] = [];
  const note = (steps: readonly Step[]) => sent.push(...steps.filter(({ text }) => !/^(BEGIN|COMMIT|ROLLBACK)/.test(text)));
  pool.run = (steps) => {
    note(steps);
    return run(steps);
  };
  pool.pin = async () => {
    const connection = await pin();
    return {
      ...connection,
      send(steps) {
        note(steps);
        return connection.send(steps.map((step) => (step.text === 'COMMIT' ? { ...step, text: 'ROLLBACK' } : step)));
      },
      release: (condition) => connection.release(condition),
    };
  };
  try {
    await work();
    return sent;
  } finally {
    pool.run = run;
    pool.pin = pin;
  }
}

const plansOf = async (work: () => Promise<unknown>): Promise<RunPlan[]> => explainTransaction(api.database.superuserUrl, await stepsOf(work));

/** Of each large table no more than an index finds, and no more rows than these in all. */
function expectIndexes(plans: readonly RunPlan[], { tables, rows }: { tables: readonly string[]; rows: number }): void {
  const large = plans.flatMap(({ text, plan }) => nodesOf(plan).map((node) => ({ text, node }))).filter(({ node }) => TABLES.includes(node['Relation Name'] ?? ''));
  for (const { text, node } of large.filter(({ node: { 'Node Type': type } }) => type !== 'ModifyTable')) {
    expect([text, node['Relation Name'], node['Node Type']]).toEqual([text, node['Relation Name'], expect.stringMatching(/^(Index (Only )?Scan|Bitmap Heap Scan)$/)]);
  }
  expect([...new Set(large.map(({ node }) => node['Relation Name']))]).toEqual(expect.arrayContaining([...tables]));
  const read = plans.reduce((sum, { plan }) => sum + rowsRead(plan), 0);
  expect(read).toBeLessThanOrEqual(rows);
}

const asOwner = (document: string, variables: object = {}) => api.call(document, { ...variables }, { as: person });

describe('invitations', () => {
  const list = (more: string) => `{ invitations(first: ${PAGE}${more}) { edges { node { id email status role sentCount } } } }`;

  test.each([
    ['the newest', ''],
    ['the oldest', ', orderBy: { field: CREATED_AT, direction: ASC }'],
    ['those that were accepted', ', filter: { status: { eq: ACCEPTED } }'],
  ])('a page of %s', async (_what, more) => {
    await asOwner('{ viewer { kind } }');
    expectIndexes(await plansOf(() => asOwner(list(more))), { tables: ['invitations'], rows: 3 * PAGE });
  });

  test('one by its id', async () => {
    const plans = await plansOf(() => asOwner('query ($id: ID!) { node(id: $id) { ... on Invitation { id email } } }', { id: world.invitationId }));
    expectIndexes(plans, { tables: ['invitations'], rows: 5 });
  });

  test('a new one: who is a member, how many were sent, how often to the address', async () => {
    const plans = await plansOf(() => asOwner('mutation { inviteMember(input: { email: "new@many.example", role: VIEWER }) { __typename } }'));
    expectIndexes(plans, { tables: ['invitations', 'invitation_mails', 'memberships'], rows: 60 });
  });

  test.each(['resendInvitation', 'revokeInvitation'])('%s', async (name) => {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}Input`;
    const plans = await plansOf(() => asOwner(`mutation ($input: ${type}!) { ${name}(input: $input) { __typename } }`, { input: { id: world.invitationId } }));
    expectIndexes(plans, { tables: ['invitations'], rows: 60 });
  });

  test('by a token, before anything is known', async () => {
    const tokenHash = createHash('sha256').update('i1000').digest();
    const plans = await plansOf(() => api.app.preTenant.findInvitation(tokenHash, new Date()));
    expectIndexes(plans, { tables: ['invitations', 'memberships', 'organizations'], rows: 5 });
  });
});

describe('what is a person’s own', () => {
  test('the sessions, and the end of one and of all others', async () => {
    expectIndexes(await plansOf(() => asOwner('{ viewer { sessions { id ip current } } }')), { tables: ['sessions'], rows: 10 });
    expectIndexes(await plansOf(() => asOwner('mutation { revokeOtherSessions { __typename } }')), { tables: ['sessions'], rows: 10 });
  });

  test('the session behind a token', async () => {
    const accessHash = createHash('sha256').update('person7@many.example').digest();
    expectIndexes(await plansOf(() => api.app.preTenant.findSession(accessHash)), { tables: ['sessions', 'users', 'memberships'], rows: 6 });
    const [familyHash, refreshHash] = ['f', 'r'].map((what) => createHash('sha256').update(`${what}person7@many.example`).digest()) as [Buffer, Buffer];
    expectIndexes(await plansOf(() => api.app.preTenant.findRefresh(familyHash, refreshHash)), { tables: ['sessions'], rows: 5 });
  });
});

describe('what opens doors', () => {
  const nobody: Step = { text: "SELECT set_config('app.current_org_id', '', true), set_config('app.current_user_id', '', true)", values: [] };
  const functions = async (text: string, ...values: unknown[]) => explainTransaction(api.database.superuserUrl, [nobody, { text, values }]);
  const hashOf = (text: string) => createHash('sha256').update(text).digest();

  test.each([
    ['a sign-in', `SELECT * FROM iam.begin_sign_in('person9@many.example', sha256('a9'), now())`, ['users', 'sign_in_attempts']],
    ['a wrong address', `SELECT * FROM iam.begin_sign_in('nobody@many.example', sha256('nobody'), now())`, ['users', 'sign_in_attempts']],
    ['a forgotten password', `SELECT iam.begin_reset('person9@many.example', sha256('new'), now() + interval '2 hours', now())`, ['users', 'tokens']],
    ['another verification', `SELECT iam.renew_verification('person9@many.example', sha256('new'), now() + interval '2 hours', now())`, ['users', 'tokens']],
  ])('%s', async (_what, text, tables) => {
    expectIndexes(await functions(text), { tables, rows: 10 });
  });

  test('a token that is looked at and used up', async () => {
    expectIndexes(await functions(`SELECT * FROM iam.find_open_token($1::bytea, 'reset_password', now())`, hashOf('tperson3@many.example')), { tables: ['tokens'], rows: 6 });
    expectIndexes(await functions(`SELECT iam.use_token($1::bytea, 'reset_password', now())`, hashOf('tperson3@many.example')), { tables: ['tokens'], rows: 3 });
  });

  test('another password: the tokens and sessions of one', async () => {
    const scope: Step = { text: `SELECT set_config('app.current_org_id', '', true), set_config('app.current_user_id', $1, true)`, values: [personId] };
    const [{ hash }] = (await sql('SELECT password_hash AS hash FROM iam.users WHERE id = $1', personId)) as [{ hash: string }];
    const change: Step = { text: 'SELECT iam.change_password($1::text, $1::text, uuidv7(), now())', values: [hash] };
    expectIndexes(await explainTransaction(api.database.superuserUrl, [scope, change]), { tables: ['users', 'tokens', 'sessions'], rows: 20 });
  });
});
