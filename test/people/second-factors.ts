import { randomBytes, randomUUID } from 'node:crypto';
import { createSecondFactorProver, createSecondFactorService } from '../../src/domains/second-factor/index.ts';
import { codeOf as codeOfStep } from '../../src/domains/second-factor/totp.rules.ts';
import type { AccessChange, ServiceContext } from '../../src/domains/service-context.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { createSealing } from '../../src/platform/crypto/sealing.ts';
import type { Mail } from '../../src/platform/mail/index.ts';
import { createPool, createTenantAdapter } from '../../src/platform/postgres/adapter/index.ts';
import { createTenantClient } from '../../src/platform/postgres/tenant-client.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { untilWaiting } from '../domains/world.ts';
import { createTestDatabase } from '../harness/database.ts';

export const STEP_MS = 30_000;
/** As many as have a connection. */
const AT_ONCE = 8;

/** Second factors on a real database, with a clock that the test sets. */
export type SecondFactorWorld = Awaited<ReturnType<typeof openSecondFactors>>;

export async function openSecondFactors() {
  const database = await createTestDatabase();
  const pool = createPool({ url: database.runtimeUrl, size: AT_ONCE, connectTimeoutMs: 5_000, statementTimeoutMs: 10_000, namedStatements: true });
  const db = createTenantClient({ adapter: createTenantAdapter(pool), connectTimeoutMs: 5_000, statementTimeoutMs: 10_000 });
  // In the middle of a step, so that a test says by how many it moves on.
  let now = new Date(Date.UTC(2026, 0, 31, 9, 30, 15));
  const clock = { now: () => now };
  const recoveryPepper = Buffer.alloc(32, 7);
  const sent: Mail[] = [];
  const changes: AccessChange[] = [];
  const mailer = { send: (mail: Mail) => void sent.push(mail), settled: () => Promise.resolve(), close: () => Promise.resolve() };
  const keys = [randomBytes(32)];
  const sql = (text: string, ...values: unknown[]): Promise<any[]> =>
    withClient(database.superuserUrl, async (client) => (await client.query(text, values)).rows);

  /** The use cases of a process that has these keys. */
  function openWith(sealingKeys: readonly Buffer[]) {
    const sealing = createSealing(sealingKeys);
    return {
      service: createSecondFactorService({ sealing, recoveryPepper, mailer, mails: { publicUrl: 'http://localhost', product: 'Tests' } }),
      prove: (person: Person, proof: Parameters<ReturnType<typeof createSecondFactorProver>['prove']>[1]) =>
        createSecondFactorProver({ db, sealing, recoveryPepper }).prove(person.userId, proof, now),
    };
  }

  const opened = openWith(keys);

  /** Somebody with a session. */
  async function person(): Promise<Person> {
    const email = `${randomUUID()}@example.test`;
    const [{ id: userId }] = await sql('INSERT INTO iam.users (email) VALUES ($1) RETURNING id', email);
    const [{ id: sessionId }] = await sql(
      `INSERT INTO iam.sessions (user_id, access_hash, refresh_hash, refresh_family_hash, access_expires_at, refresh_expires_at, proved_at, refreshed_at)
       VALUES ($1, $2, $3, $4, $5, $5, $6, $6) RETURNING id`,
      ...[userId, randomBytes(32), randomBytes(32), randomBytes(32), new Date(now.getTime() + 86_400_000), now],
    );
    const principal: Principal = {
      ...{ kind: 'user', userId, credentialId: sessionId, systemRole: 'user', tenant: null },
      ...{ permissions: new Set(), memberships: [], rateLimitPerHour: null },
    };
    return { userId, email, sessionId, cx: contextOf(principal) };
  }

  const contextOf = (principal: Principal): ServiceContext => ({
    ...{ principal, origin: { source: 'system' }, db, clock },
    events: { append: () => Promise.reject(new Error('A second factor is in no organization.')) },
    accessChanged: (change) => void changes.push(change),
  });

  /** Somebody whose second factor is set up; its first code is used up. */
  async function enrolled(): Promise<EnrolledPerson> {
    const someone = await person();
    const { secret } = await opened.service.enrol(someone.cx);
    const code = (steps = 0) => codeOfStep(fromBase32(secret), Math.floor(now.getTime() / STEP_MS) + steps);
    const recoveryCodes = await opened.service.confirm(someone.cx, { code: code() });
    return { ...someone, secret, code, recoveryCodes };
  }

  return {
    ...opened,
    ...{ db, keys, recoveryPepper, openWith, person, enrolled, contextOf, sql },
    /** Calls a function of the database as somebody, past the use cases. */
    as: <Result>({ userId }: Person, work: () => Promise<Result>): Promise<Result> => runInScope(createScope({ orgId: null, userId }), work),
    /**
     * Does the same eight times, while somebody else holds the rows of the person that it needs, and lets them go when all of
     * them are waiting: so they meet where it matters, on any machine.
     */
    contend: <Result>({ userId }: Person, table: 'second_factors' | 'recovery_codes', attempt: (index: number) => Promise<Result>): Promise<Result[]> =>
      withClient(database.superuserUrl, async (client) => {
        await client.query('BEGIN');
        await client.query(`SELECT 1 FROM credentials.${table} WHERE user_id = $1 FOR UPDATE`, [userId]);
        let over = false;
        const results = Promise.all(Array.from({ length: AT_ONCE }, (_, index) => attempt(index))).finally(() => {
          over = true;
        });
        await untilWaiting(sql, AT_ONCE, () => over);
        await client.query('COMMIT');
        return results;
      }),
    now: () => now,
    /** What the process was told to look up anew. */
    changes,
    /** The subjects of the mails to somebody. */
    mailsTo: ({ email }: Person) => sent.filter(({ to }) => to === email).map(({ subject }) => subject),
    /** Moves the clock on, so that the authenticator shows another code. */
    pass: (steps = 1) => void (now = new Date(now.getTime() + steps * STEP_MS)),
    async close() {
      await db.$disconnect();
      await pool.end();
      await database.drop();
    },
  };
}

export interface Person {
  readonly userId: string;
  readonly email: string;
  readonly sessionId: string;
  readonly cx: ServiceContext;
}

export interface EnrolledPerson extends Person {
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  /** The code that the authenticator shows now, or some steps later or earlier. */
  code(steps?: number): string;
}

/** What an authenticator makes of a typed secret. */
export function fromBase32(text: string): Buffer {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
  const bits = Array.from(text, (character) => alphabet.indexOf(character).toString(2).padStart(5, '0')).join('');
  return Buffer.from(bits.match(/.{8}/g)!.map((byte) => Number.parseInt(byte, 2)));
}
