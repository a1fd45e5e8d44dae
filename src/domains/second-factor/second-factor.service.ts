import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { ConflictError, UnauthenticatedError, ValidationError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Mail, Mailer } from '../../platform/mail/index.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { type MailSettings, recoveryCodesReplacedMail, secondFactorOffMail, secondFactorOnMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePerson } from '../require-person.ts';
import type { ServiceContext } from '../service-context.ts';
import type { SecondFactorKeys } from './keys.ts';
import { totpCode } from './proof.ts';
import { qrCodeSvg } from './qr-code.ts';
import { generateRecoveryCodes, hashRecoveryCode } from './recovery-codes.ts';
import { sealContext } from './seal-context.ts';
import { beginFactor, confirmFactor, findFactor, removeFactor, replaceRecoveryCodes } from './stored.ts';
import { matchingStep, otpauthUri, SECRET_BYTES, typedSecret } from './totp.rules.ts';

/** What a person puts into an authenticator. Known at this moment only. */
export interface Enrolment {
  readonly otpauthUri: string;
  /** The same for whoever cannot scan: base 32. */
  readonly secret: string;
  readonly qrCodeSvg: string;
}

export interface SecondFactorState {
  /** Null when there is none, or its enrolment was not confirmed. */
  readonly confirmedAt: Date | null;
  readonly recoveryCodesLeft: number;
}

const confirmInput = z.strictObject({ code: totpCode });
export type ConfirmInput = z.input<typeof confirmInput>;

/** What a person does with the own second factor. Each throws ForbiddenError for an API key. */
export interface SecondFactorService {
  /** Begins anew each time, until it is confirmed. @throws ConflictError when a factor is set up. */
  enrol(cx: ServiceContext): Promise<Enrolment>;
  /**
   * Sets the factor up when the authenticator shows the right codes; this session counts as having shown it.
   *
   * @returns ten recovery codes, known at this moment only.
   * @throws ValidationError for a wrong code, ConflictError when nothing waits to be confirmed.
   */
  confirm(cx: ServiceContext, input: ConfirmInput): Promise<string[]>;
  /** @throws ConflictError when there is none, or an organization of the person asks for one. */
  disable(cx: ServiceContext): Promise<void>;
  /** Ten new recovery codes; all others are void. @throws ConflictError without a second factor. */
  regenerate(cx: ServiceContext): Promise<string[]>;
  state(cx: ServiceContext): Promise<SecondFactorState>;
}

export interface SecondFactorDependencies extends SecondFactorKeys {
  readonly mailer: Mailer;
  readonly mails: MailSettings;
}

const ISSUER = 'Tenantry';

const noFactor = () => new ConflictError('No second factor is set up.');
const factorThere = () => new ConflictError('A second factor is set up already: turn it off first, with disableTotp.');

export function createSecondFactorService(dependencies: SecondFactorDependencies): SecondFactorService {
  const { sealing, recoveryPepper, mailer, mails } = dependencies;
  const hashesOf = (userId: string, codes: readonly string[]) =>
    codes.map((code) => hashRecoveryCode(recoveryPepper, userId, code)).filter((hash) => hash !== null);

  /**
   * Does something, and tells the person by mail, who may be somebody else than who did it. The address is read first:
   * nothing that can fail comes after what was done, or it would be told as not done.
   */
  async function telling(cx: ServiceContext, mailOf: (settings: MailSettings, to: string) => Mail, work: () => Promise<void>): Promise<void> {
    const to = await addressOf(cx);
    await work();
    mailer.send(mailOf(mails, to));
  }

  return {
    enrol: (cx) =>
      asPerson(cx, async ({ userId }) => {
        const secret = randomBytes(SECRET_BYTES);
        const uri = otpauthUri(secret, ISSUER, await addressOf(cx));
        const begun = await beginFactor(cx.db, sealing.seal(secret, sealContext(userId)), cx.clock.now());
        if (!begun) throw factorThere();
        return { otpauthUri: uri, secret: typedSecret(secret), qrCodeSvg: await qrCodeSvg(uri) };
      }),

    confirm: (cx, input) =>
      asPerson(cx, async ({ userId, credentialId }) => {
        const { code } = parseInput(confirmInput, input);
        const now = cx.clock.now();
        const factor = await findFactor(cx.db);
        if (factor === null) throw new ConflictError('Nothing waits to be confirmed: begin with enrolTotp.');
        if (factor.confirmedAt !== null) throw factorThere();
        const step = matchingStep(sealing.open(factor, sealContext(userId)), code, now);
        if (step === null) throw ValidationError.of('code', 'is wrong or too old: send the one that the authenticator shows now');
        const codes = generateRecoveryCodes();
        const makeSure = async (tx: TenantTransaction): Promise<void> => {
          const confirmed = await confirmFactor(tx, factor, step, hashesOf(userId, codes), now);
          if (!confirmed) throw new ConflictError('The enrolment was begun anew meanwhile, or is confirmed already.');
          const shown = { provedAt: now, secondFactorAt: now };
          const { count } = await tx.session.updateMany({ where: { id: credentialId, userId, endedAt: null }, data: shown });
          if (count === 0) throw new UnauthenticatedError();
        };
        await telling(cx, secondFactorOnMail, () => cx.db.$transaction(makeSure));
        cx.accessChanged({ kind: 'user', id: userId });
        return codes;
      }),

    disable: (cx) =>
      asPerson(cx, async ({ userId, memberships }) => {
        // One that shuts the person out, or is closed, has no say: the person could not even leave it.
        const asking = memberships.find(({ active, requiresSecondFactor }) => active && requiresSecondFactor);
        if (asking) throw new ConflictError(`${asking.organizationName} asks for a second factor: leave that organization first.`);
        const remove = async (tx: TenantTransaction): Promise<void> => {
          if (!(await removeFactor(tx))) throw noFactor();
          // No session counts as having shown what is gone: it would open an organization that asks for one later.
          await tx.session.updateMany({ where: { userId, endedAt: null }, data: { secondFactorAt: null } });
        };
        await telling(cx, secondFactorOffMail, () => cx.db.$transaction(remove));
        cx.accessChanged({ kind: 'user', id: userId });
      }),

    regenerate: (cx) =>
      asPerson(cx, async ({ userId }) => {
        const codes = generateRecoveryCodes();
        await telling(cx, recoveryCodesReplacedMail, async () => {
          if (!(await replaceRecoveryCodes(cx.db, hashesOf(userId, codes)))) throw noFactor();
        });
        return codes;
      }),

    state: (cx) =>
      asPerson(cx, async () => {
        const factor = await findFactor(cx.db);
        return { confirmedAt: factor?.confirmedAt ?? null, recoveryCodesLeft: factor?.recoveryCodesLeft ?? 0 };
      }),
  };
}

/** Works as the person alone, whatever organization the request is in: a second factor belongs to none. */
async function asPerson<Result>(cx: ServiceContext, work: (person: Principal) => Promise<Result>): Promise<Result> {
  const person = requirePerson(cx);
  return runInScope(createScope({ orgId: null, userId: person.userId }), () => work(person));
}

async function addressOf({ db, principal }: ServiceContext): Promise<string> {
  const { email } = await db.user.findUniqueOrThrow({ where: { id: principal.userId }, select: { email: true } });
  return email;
}
