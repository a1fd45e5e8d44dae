import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import type { SecondFactorKeys } from './keys.ts';
import type { Proof } from './proof.ts';
import { hashRecoveryCode } from './recovery-codes.ts';
import { sealContext } from './seal-context.ts';
import { findFactor, resealFactor, type StoredFactor, useRecoveryCode, useStep } from './stored.ts';
import { matchingStep } from './totp.rules.ts';

/** What a proof was good for. */
export interface Proved {
  /** Null when it was no recovery code. */
  readonly recoveryCodesLeft: number | null;
}

/** The one place where a code is used up. */
export interface SecondFactorProver {
  /**
   * Whether the proof is right, which uses it up: it is right once, of two at the same time as well.
   *
   * @returns null for what is wrong, too old or was used before, and for somebody who has no second factor.
   */
  prove(userId: string, proof: Proof, now: Date): Promise<Proved | null>;
}

export interface ProverDependencies extends SecondFactorKeys {
  readonly db: TenantClient;
}

export function createSecondFactorProver({ db, sealing, recoveryPepper }: ProverDependencies): SecondFactorProver {
  async function proveCode(userId: string, code: string, now: Date): Promise<Proved | null> {
    const factor = await findFactor(db);
    if (factor === null) return null;
    const secret = sealing.open(factor, sealContext(userId));
    const step = matchingStep(secret, code, now);
    // The statement decides: of two requests with one code one finds the step used.
    if (step === null || !(await useStep(db, step))) return null;
    await renewSeal(userId, factor, secret);
    return { recoveryCodesLeft: null };
  }

  /** What an older key has sealed is sealed with the current one, so that the older one can go some day. */
  async function renewSeal(userId: string, factor: StoredFactor, secret: Buffer): Promise<void> {
    if (!sealing.isCurrent(factor.keyId)) await resealFactor(db, factor, sealing.seal(secret, sealContext(userId)));
  }

  async function proveRecoveryCode(userId: string, code: string, now: Date): Promise<Proved | null> {
    const hash = hashRecoveryCode(recoveryPepper, userId, code);
    const recoveryCodesLeft = hash && (await useRecoveryCode(db, hash, now));
    return recoveryCodesLeft === null ? null : { recoveryCodesLeft };
  }

  return {
    prove: (userId, proof, now) =>
      runInScope(createScope({ orgId: null, userId }), () =>
        'code' in proof ? proveCode(userId, proof.code, now) : proveRecoveryCode(userId, proof.recoveryCode, now),
      ),
  };
}
