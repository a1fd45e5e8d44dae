import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppError } from '../../src/kernel/errors.ts';
import { createSecondFactorKeys } from '../../src/domains/second-factor/index.ts';
import { hashRecoveryCode } from '../../src/domains/second-factor/recovery-codes.ts';
import { findFactor, resealFactor, useRecoveryCode, useStep } from '../../src/domains/second-factor/stored.ts';
import { createSealing } from '../../src/platform/crypto/sealing.ts';
import { codeOf as codeOfStep } from '../../src/domains/second-factor/totp.rules.ts';
import { type EnrolledPerson, fromBase32, openSecondFactors, type SecondFactorWorld, STEP_MS } from './second-factors.ts';

let world: SecondFactorWorld;
beforeAll(async () => {
  world = await openSecondFactors();
});
afterAll(() => world?.close());

const codeOf = async (work: Promise<unknown>): Promise<string> => {
  try {
    await work;
    return 'done';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code;
  }
};
const sessionOf = async ({ sessionId }: { sessionId: string }) =>
  (await world.sql('SELECT proved_at AS "provedAt", second_factor_at AS "secondFactorAt" FROM iam.sessions WHERE id = $1', sessionId))[0];
const howMany = <Value>(values: readonly Value[], wanted: (value: Value) => boolean) => values.filter(wanted).length;

describe('setting a second factor up', () => {
  test('shows the secret once, as a link, a picture and a text, and stores it sealed', async () => {
    const person = await world.person();
    const { otpauthUri, secret, qrCodeSvg } = await world.service.enrol(person.cx);
    expect(fromBase32(secret)).toHaveLength(20);
    expect(new URL(otpauthUri).searchParams.get('secret')).toBe(secret);
    expect(qrCodeSvg).toMatch(/^<svg [^]*<\/svg>\s*$/);
    const [row] = await world.sql('SELECT * FROM credentials.second_factors WHERE user_id = $1', person.userId);
    expect(row.encrypted_secret.includes(fromBase32(secret))).toBe(false);
    expect(await world.service.state(person.cx)).toEqual({ confirmedAt: null, recoveryCodesLeft: 0 });
  });

  test('counts only when a code of it was shown, and so does the session then', async () => {
    const person = await world.person();
    const { secret } = await world.service.enrol(person.cx);
    const code = codeOfStep(fromBase32(secret), Math.floor(world.now().getTime() / STEP_MS));
    expect(await world.prove(person, { code })).toBeNull();
    expect(await codeOf(world.service.confirm(person.cx, { code: '000000' }))).toBe('VALIDATION_FAILED');
    expect(await sessionOf(person)).toMatchObject({ secondFactorAt: null });
    const codes = await world.service.confirm(person.cx, { code: ` ${code.slice(0, 3)} ${code.slice(3)} ` });
    expect(codes).toHaveLength(10);
    expect(await sessionOf(person)).toEqual({ provedAt: world.now(), secondFactorAt: world.now() });
    expect(await world.service.state(person.cx)).toEqual({ confirmedAt: world.now(), recoveryCodesLeft: 10 });
  });

  test('may be begun anew until it is confirmed: the secret before is void', async () => {
    const person = await world.person();
    const step = Math.floor(world.now().getTime() / STEP_MS);
    const first = await world.service.enrol(person.cx);
    const second = await world.service.enrol(person.cx);
    expect(await codeOf(world.service.confirm(person.cx, { code: codeOfStep(fromBase32(first.secret), step) }))).toBe('VALIDATION_FAILED');
    expect(await codeOf(world.service.confirm(person.cx, { code: codeOfStep(fromBase32(second.secret), step) }))).toBe('done');
  });

  test('confirms the secret that was compared and no other: one begun anew between the two is not confirmed', async () => {
    const person = await world.person();
    const { secret } = await world.service.enrol(person.cx);
    const code = codeOfStep(fromBase32(secret), Math.floor(world.now().getTime() / STEP_MS));
    // Between the comparison and the statement that confirms.
    const db = world.db.$extends({}) as typeof world.db;
    const begunAnew = new Proxy(db, {
      get: (target, name) =>
        name === '$transaction'
          ? async (work: never) => {
              await world.service.enrol(person.cx);
              return target.$transaction(work);
            }
          : Reflect.get(target, name),
    });
    expect(await codeOf(world.service.confirm({ ...person.cx, db: begunAnew }, { code }))).toBe('CONFLICT');
    expect(await world.service.state(person.cx)).toEqual({ confirmedAt: null, recoveryCodesLeft: 0 });
  });

  test('happens once: of eight confirmations at the same time one gives recovery codes', async () => {
    const person = await world.person();
    const { secret } = await world.service.enrol(person.cx);
    const code = codeOfStep(fromBase32(secret), Math.floor(world.now().getTime() / STEP_MS));
    const outcomes = await world.contend(person, 'second_factors', () => codeOf(world.service.confirm(person.cx, { code })));
    expect(outcomes.sort()).toEqual([...Array.from({ length: 7 }, () => 'CONFLICT'), 'done']);
    expect(await world.service.state(person.cx)).toMatchObject({ recoveryCodesLeft: 10 });
  });

  test('is refused while one is set up, which is turned off first', async () => {
    const person = await world.enrolled();
    expect(await codeOf(world.service.enrol(person.cx))).toBe('CONFLICT');
    world.pass();
    expect(await world.prove(person, { code: person.code() })).toEqual({ recoveryCodesLeft: null });
  });

  test('ends with nothing when the session has ended meanwhile', async () => {
    const person = await world.person();
    const { secret } = await world.service.enrol(person.cx);
    await world.sql('UPDATE iam.sessions SET ended_at = now() WHERE id = $1', person.sessionId);
    const code = codeOfStep(fromBase32(secret), Math.floor(world.now().getTime() / STEP_MS));
    expect(await codeOf(world.service.confirm(person.cx, { code }))).toBe('UNAUTHENTICATED');
    expect(await world.service.state(person.cx)).toEqual({ confirmedAt: null, recoveryCodesLeft: 0 });
  });

  test('and everything else of it is nothing for an API key', async () => {
    const person = await world.person();
    const cx = world.contextOf({ ...person.cx.principal, kind: 'apiKey' });
    const { enrol, confirm, disable, regenerate, state } = world.service;
    for (const work of [enrol(cx), confirm(cx, { code: '000000' }), disable(cx), regenerate(cx), state(cx)]) {
      expect(await codeOf(work)).toBe('FORBIDDEN');
    }
  });
});

describe('a code', () => {
  test('works once, also when it confirmed the factor, and of eight at the same time', async () => {
    const person = await world.enrolled();
    expect(await world.prove(person, { code: person.code() })).toBeNull();
    world.pass();
    const code = person.code();
    const proved = await world.contend(person, 'second_factors', () => world.prove(person, { code }));
    expect(howMany(proved, (each) => each !== null)).toBe(1);
    world.pass();
    expect(await world.prove(person, { code })).toBeNull();
  });

  test('is void when a later one was used: a copy of the one before is of no use', async () => {
    const person = await world.enrolled();
    world.pass(2);
    const before = person.code(-1);
    expect(await world.prove(person, { code: person.code() })).not.toBeNull();
    expect(await world.prove(person, { code: before })).toBeNull();
  });

  test('of somebody else is wrong', async () => {
    const [one, other] = [await world.enrolled(), await world.enrolled()];
    world.pass();
    expect(await world.prove(one, { code: other.code() })).toBeNull();
    expect(await world.prove(await world.person(), { code: other.code() })).toBeNull();
    expect(await world.prove(other, { code: other.code() })).not.toBeNull();
  });
});

describe('a recovery code', () => {
  test('works once, of eight at the same time as well, and says how many are left', async () => {
    const person = await world.enrolled();
    const [first, second] = person.recoveryCodes as [string, string];
    expect(await world.prove(person, { recoveryCode: first.toLowerCase().replaceAll('-', ' ') })).toEqual({ recoveryCodesLeft: 9 });
    expect(await world.prove(person, { recoveryCode: first })).toBeNull();
    const proved = await world.contend(person, 'recovery_codes', () => world.prove(person, { recoveryCode: second }));
    expect(proved.filter((each) => each !== null)).toEqual([{ recoveryCodesLeft: 8 }]);
    expect(await world.service.state(person.cx)).toMatchObject({ recoveryCodesLeft: 8 });
  });

  test('of somebody else is wrong, and so is what is none', async () => {
    const [one, other] = [await world.enrolled(), await world.enrolled()];
    for (const recoveryCode of [other.recoveryCodes[0]!, '', 'AAAA-AAAA-AAAA-AAAA', '000000']) {
      expect(await world.prove(one, { recoveryCode })).toBeNull();
    }
    expect(await world.prove(other, { recoveryCode: other.recoveryCodes[0]! })).not.toBeNull();
  });

  test('is void when there are new ones', async () => {
    const person = await world.enrolled();
    await world.prove(person, { recoveryCode: person.recoveryCodes[0]! });
    const fresh = await world.service.regenerate(person.cx);
    expect(await world.service.state(person.cx)).toMatchObject({ recoveryCodesLeft: 10 });
    expect(await world.prove(person, { recoveryCode: person.recoveryCodes[1]! })).toBeNull();
    expect(await world.prove(person, { recoveryCode: fresh[0]! })).toEqual({ recoveryCodesLeft: 9 });
  });

  test('is one of the last ten, when they are made eight times at once', async () => {
    const person = await world.enrolled();
    const made = await world.contend(person, 'recovery_codes', () => world.service.regenerate(person.cx));
    expect(await world.service.state(person.cx)).toMatchObject({ recoveryCodesLeft: 10 });
    const good = await Promise.all(made.map(async ([code]) => world.prove(person, { recoveryCode: code! })));
    expect(howMany(good, (each) => each !== null)).toBe(1);
  });

  test('is stored as a hash alone', async () => {
    const person = await world.enrolled();
    const rows = await world.sql('SELECT row_to_json(c)::text AS everything FROM credentials.recovery_codes c WHERE user_id = $1', person.userId);
    expect(rows).toHaveLength(10);
    for (const code of person.recoveryCodes) expect(JSON.stringify(rows)).not.toContain(code.replaceAll('-', ''));
  });
});

describe('turning it off', () => {
  test('makes its codes and recovery codes void, and no session counts as having shown it any more', async () => {
    const person = await world.enrolled();
    await world.service.disable(person.cx);
    world.pass();
    expect(await world.prove(person, { code: person.code() })).toBeNull();
    expect(await world.prove(person, { recoveryCode: person.recoveryCodes[0]! })).toBeNull();
    expect(await sessionOf(person)).toMatchObject({ secondFactorAt: null });
    expect(await world.service.state(person.cx)).toEqual({ confirmedAt: null, recoveryCodesLeft: 0 });
  });

  test('is a conflict without one, as new recovery codes are', async () => {
    const person = await world.person();
    await world.service.enrol(person.cx);
    expect(await codeOf(world.service.disable(person.cx))).toBe('CONFLICT');
    expect(await codeOf(world.service.regenerate(person.cx))).toBe('CONFLICT');
  });

  test('is refused while an organization of the person asks for one', async () => {
    const person = await world.enrolled();
    const membership = { orgId: 'o', membershipId: 'm', role: 'viewer', organizationName: 'Acme', organizationSlug: 'acme', active: true } as const;
    const cxOf = (requiresSecondFactor: boolean) =>
      world.contextOf({ ...person.cx.principal, memberships: [membership, { ...membership, requiresSecondFactor }] });
    await expect(world.service.disable(cxOf(true))).rejects.toThrow('Acme asks for a second factor');
    // One that has shut the person out could never be left, so it has no say.
    const shutOut = world.contextOf({ ...person.cx.principal, memberships: [{ ...membership, requiresSecondFactor: true, active: false }] });
    expect(await codeOf(world.service.disable(shutOut))).toBe('done');
  });

  test('is turned off where no organization asks for it', async () => {
    const person = await world.enrolled();
    const membership = { orgId: 'o', membershipId: 'm', role: 'viewer', organizationName: 'Acme', organizationSlug: 'acme', active: true } as const;
    const cxOf = (requiresSecondFactor: boolean) =>
      world.contextOf({ ...person.cx.principal, memberships: [membership, { ...membership, requiresSecondFactor }] });
    expect(await codeOf(world.service.disable(cxOf(false)))).toBe('done');
  });
});

test('whoever has the account is told by mail of what was done, and of nothing that was refused', async () => {
  const person = await world.enrolled();
  await world.service.regenerate(person.cx);
  await world.service.disable(person.cx);
  await codeOf(world.service.regenerate(person.cx));
  await codeOf(world.service.disable(person.cx));
  expect(world.mailsTo(person)).toEqual(['A second factor was set up at Tests', 'You have new recovery codes at Tests', 'Your second factor was turned off at Tests']);
});

test('what the process knows of the person is looked up anew at once when the factor is set up or turned off', async () => {
  const person = await world.enrolled();
  const ofPerson = () => world.changes.filter(({ id }) => id === person.userId);
  expect(ofPerson()).toEqual([{ kind: 'user', id: person.userId }]);
  await world.service.disable(person.cx);
  expect(ofPerson()).toHaveLength(2);
});

test('an installation that goes over to keys of its own still opens what it sealed before', () => {
  const own = randomBytes(32).toString('base64');
  const sealed = createSecondFactorKeys('a secret of the tests', []).sealing.seal(Buffer.from('secret'), 'context');
  const { sealing, recoveryPepper } = createSecondFactorKeys('a secret of the tests', [own]);
  expect(sealing.open(sealed, 'context')).toEqual(Buffer.from('secret'));
  expect(sealing.isCurrent(sealed.keyId)).toBe(false);
  expect(sealing.seal(Buffer.from('secret'), 'context').keyId).toBe(createSealing([Buffer.from(own, 'base64')]).seal(Buffer.alloc(1), '').keyId);
  expect(recoveryPepper).toEqual(createSecondFactorKeys('a secret of the tests', []).recoveryPepper);
});

describe('whatever the database does', () => {
  test('it does for the person of the scope alone', async () => {
    const [one, other] = [await world.enrolled(), await world.enrolled()];
    world.pass();
    expect(await world.prove(one, { code: one.code() })).not.toBeNull();
    expect(await world.prove(other, { code: other.code() })).not.toBeNull();
    const hash = hashRecoveryCode(world.recoveryPepper, one.userId, one.recoveryCodes[0]!)!;
    expect(await world.as(other, () => useRecoveryCode(world.db, hash, world.now()))).toBeNull();
    await world.service.regenerate(one.cx);
    await world.service.disable(one.cx);
    expect(await world.service.state(other.cx)).toMatchObject({ confirmedAt: expect.any(Date), recoveryCodesLeft: 10 });
    expect(await world.prove(other, { recoveryCode: other.recoveryCodes[0]! })).toEqual({ recoveryCodesLeft: 9 });
  });

  test('it uses up no step of a factor that was not confirmed', async () => {
    const person = await world.person();
    await world.service.enrol(person.cx);
    expect(await world.as(person, () => useStep(world.db, 1))).toBe(false);
  });

  test('it seals again what was read and nothing that was stored since, and nobody else’s', async () => {
    const [one, other] = [await world.enrolled(), await world.enrolled()];
    const copy = 'UPDATE credentials.second_factors SET encrypted_secret = (SELECT encrypted_secret FROM credentials.second_factors WHERE user_id = $1) WHERE user_id = $2';
    await world.sql(copy, one.userId, other.userId);
    const read = (await world.as(one, () => findFactor(world.db)))!;
    const fresh = { keyId: '01234567', sealed: Buffer.alloc(48, 1) };
    await world.as(one, () => resealFactor(world.db, { ...read, sealed: Buffer.alloc(48) }, fresh));
    expect(await world.as(one, () => findFactor(world.db))).toEqual(read);
    await world.as(one, () => resealFactor(world.db, read, fresh));
    expect(await world.as(one, () => findFactor(world.db))).toEqual({ ...read, ...fresh });
    expect(await world.as(other, () => findFactor(world.db))).toMatchObject({ keyId: read.keyId, sealed: read.sealed });
  });
});

describe('the secret at rest', () => {
  const stored = async ({ userId }: EnrolledPerson) =>
    (await world.sql('SELECT key_id, encrypted_secret FROM credentials.second_factors WHERE user_id = $1', userId))[0];

  test('does not open in the row of somebody else', async () => {
    const [one, other] = [await world.enrolled(), await world.enrolled()];
    world.pass();
    const { key_id, encrypted_secret } = await stored(one);
    await world.sql('UPDATE credentials.second_factors SET key_id = $2, encrypted_secret = $3 WHERE user_id = $1', other.userId, key_id, encrypted_secret);
    await expect(world.prove(other, { code: one.code() })).rejects.toThrow('unable to authenticate');
  });

  test('is sealed with a new key when it is next used, and the older key can go then', async () => {
    const person = await world.enrolled();
    const newer = randomBytes(32);
    const both = world.openWith([newer, ...world.keys]);
    const before = await stored(person);
    world.pass();
    expect(await both.prove(person, { code: '000000' })).toBeNull();
    expect(await stored(person)).toEqual(before);
    expect(await both.prove(person, { code: person.code() })).not.toBeNull();
    expect(createSealing([newer]).isCurrent((await stored(person)).key_id)).toBe(true);
    world.pass();
    expect(await world.openWith([newer]).prove(person, { code: person.code() })).not.toBeNull();
    world.pass();
    await expect(world.prove(person, { code: person.code() })).rejects.toThrow('put it back into SECOND_FACTOR_KEYS');
  });
});
