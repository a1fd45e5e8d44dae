import { randomInt } from 'node:crypto';
import type pg from 'pg';
import { createAttemptSubjects } from '../../../../src/domains/auth/index.ts';
import { hashSecret } from '../../../../src/platform/crypto/passwords.ts';
import { randomToken, sha256 } from '../../../../src/platform/crypto/tokens.ts';
import type { TestApp } from '../../../harness/app.ts';
import type { SoakTenant } from '../soak/tenants.ts';
import type { Comparison } from './compare.ts';

const SECRET_KEY = 'a secret for tests, long enough for the check';
const PASSWORD = 'the password of those who have one';

/** So many addresses of each standing, drawn at random, so that no place in an index stands for its class. */
const ADDRESSES = 40;

/** How addresses stand: nobody has the first, and a class of sign-in is tried at each. */
const STANDINGS = ['unknown', 'active', 'locked', 'suspended', 'guarded', 'unproved'] as const;
type Standing = (typeof STANDINGS)[number];

const signIn = 'mutation ($email: String!, $password: String!) { signIn(input: { email: $email, password: $password }) { __typename } }';
const forgotten = 'mutation ($email: String!) { requestPasswordReset(input: { email: $email }) { __typename } }';
const invite = 'mutation ($email: String!) { inviteMember(input: { email: $email, role: VIEWER }) { __typename ... on Error { code } } }';
const accept = 'mutation ($token: String!) { acceptInvitation(input: { token: $token, password: "seventeen green lanterns drift" }) { __typename } }';

const addressOf = (standing: Standing, number: number): string => `${standing}${number}@timing.test`;
const drawn = (standing: Standing): string => addressOf(standing, randomInt(ADDRESSES));

async function makePeople(client: pg.Client): Promise<void> {
  const hash = await hashSecret(PASSWORD, 'test');
  // By turns, so that they differ in nothing but in how they stand.
  for (let number = 0; number < ADDRESSES; number += 1) {
    for (const standing of STANDINGS.filter((each) => each !== 'unknown')) {
      const isProved = standing !== 'unproved';
      await client.query(
        `INSERT INTO iam.users (email, password_hash, email_verified_at, status) VALUES ($1, $2, CASE WHEN $3 THEN now() END, $4)`,
        [addressOf(standing, number), isProved ? hash : null, isProved, standing === 'suspended' ? 'suspended' : 'active'],
      );
    }
  }
  await client.query(`
    INSERT INTO credentials.second_factors (user_id, key_id, encrypted_secret, confirmed_at, created_at)
    SELECT id, '00000000', decode(repeat('00', 48), 'hex'), now(), now() FROM iam.users WHERE email LIKE 'guarded%@timing.test'`);
  await client.query('VACUUM ANALYZE');
}

/** Tokens of invitations, by what is wrong with them; nobody was given the unknown ones. */
async function makeTokens(client: pg.Client, { orgId }: SoakTenant): Promise<Record<'unknown' | 'too old' | 'taken back' | 'accepted', string[]>> {
  const make = () => Array.from({ length: ADDRESSES }, () => randomToken('ti_'));
  const tokens = { unknown: make(), 'too old': make(), 'taken back': make(), accepted: make() };
  for (const kind of ['too old', 'taken back', 'accepted'] as const) {
    for (const [number, token] of tokens[kind].entries()) {
      await client.query(
        `INSERT INTO iam.invitations (org_id, email, role, token_hash, invited_by_id, sent_at, expires_at, revoked_at, accepted_at)
         SELECT org_id, $2, 'viewer', $3, id, now() - interval '8 days', CASE WHEN $4 = 'too old' THEN now() ELSE now() + interval '1 day' END,
                CASE WHEN $4 = 'taken back' THEN now() END, CASE WHEN $4 = 'accepted' THEN now() END
         FROM iam.memberships WHERE org_id = $1 AND role = 'owner'`,
        [orgId, `${kind.replace(' ', '-')}${number}@timing.test`, sha256(token), kind],
      );
    }
  }
  return tokens;
}

/**
 * What strangers ask about addresses and tokens, and what an organization asks about the address of a stranger. Before each
 * question everything is as it was: no address is locked but those that are to be, and nobody has had a mail.
 *
 * @param client of a superuser; open for as long as the comparisons are made.
 */
export async function makeComparisonsOfPeople(testApp: TestApp, own: SoakTenant, client: pg.Client): Promise<Comparison[]> {
  await makePeople(client);
  const tokens = await makeTokens(client, own);
  const subjects = createAttemptSubjects(SECRET_KEY);
  /** Whose turn it is, of each class. */
  const turns = new Map<string, string>();
  const turnOf = (name: string): string => turns.get(name) ?? '';

  const entering: Record<string, { readonly standing: Standing; readonly password: string }> = {
    'no such address': { standing: 'unknown', password: 'wrong' },
    'wrong password': { standing: 'active', password: 'wrong' },
    locked: { standing: 'locked', password: 'wrong' },
    'locked, right password': { standing: 'locked', password: PASSWORD },
    suspended: { standing: 'suspended', password: 'wrong' },
    'suspended, right password': { standing: 'suspended', password: PASSWORD },
    'second factor on': { standing: 'guarded', password: 'wrong' },
    'unproved address': { standing: 'unproved', password: 'wrong' },
  };
  const resetting: Record<string, Standing> = { 'no such address': 'unknown', known: 'active', suspended: 'suspended', 'unproved address': 'unproved' };
  const inviting: Record<string, Standing> = { 'no such address': 'unknown', known: 'active', suspended: 'suspended' };
  const classesOf = (names: Record<string, unknown>, ask: (name: string) => Promise<unknown>) =>
    Object.fromEntries(Object.keys(names).map((name) => [name, () => ask(name)]));

  return [
    {
      name: 'signIn',
      classes: classesOf(entering, (name) => testApp.call(signIn, { email: turnOf(name), password: entering[name]?.password })),
      async prepare(name) {
        const standing = entering[name]?.standing ?? 'unknown';
        const email = drawn(standing);
        turns.set(name, email);
        await client.query(
          `INSERT INTO credentials.sign_in_attempts (subject_hash, failures, rounds, last_at) VALUES ($1, $2, 0, now())
           ON CONFLICT (subject_hash) DO UPDATE SET failures = excluded.failures, rounds = 0, last_at = excluded.last_at`,
          [subjects.address(email), standing === 'locked' ? 5 : 0],
        );
      },
    },
    {
      name: 'requestPasswordReset',
      classes: classesOf(resetting, (name) => testApp.call(forgotten, { email: turnOf(name) })),
      async prepare(name) {
        const email = drawn(resetting[name] ?? 'unknown');
        turns.set(name, email);
        await client.query('DELETE FROM credentials.tokens WHERE user_id = (SELECT id FROM iam.users WHERE email = $1)', [email]);
      },
    },
    {
      name: 'inviteMember',
      classes: classesOf(inviting, (name) => testApp.call(invite, { email: turnOf(name) }, { as: own.writers[0]?.token })),
      async prepare(name) {
        turns.set(name, drawn(inviting[name] ?? 'unknown'));
        await client.query(`DELETE FROM iam.invitations WHERE org_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > now()`, [own.orgId]);
        await client.query('DELETE FROM credentials.invitation_mails');
      },
    },
    {
      name: 'acceptInvitation',
      classes: classesOf(tokens, (name) => testApp.call(accept, { token: turnOf(name) })),
      prepare(name) {
        turns.set(name, tokens[name as keyof typeof tokens][randomInt(ADDRESSES)] ?? '');
        return Promise.resolve();
      },
    },
  ];
}
