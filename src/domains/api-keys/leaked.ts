import { z } from 'zod';
import type { Hashing } from '../../platform/crypto/passwords.ts';
import type { FoundApiKey, PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { type CountAttempt, createFingerprint, createVerifier, isWellFormedApiKey, takeAttempt } from '../auth/index.ts';
import { record } from '../events/index.ts';
import { keyLeakedMail, type Mailing } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import type { ServiceContext } from '../service-context.ts';
import { keyRevoked } from './events.ts';

export const revokeLeakedKeyInput = z.strictObject({ secret: z.string().max(200) });

export type RevokeLeakedKeyInput = z.input<typeof revokeLeakedKeyInput>;

/** Of a report: whoever sends it need not be signed in, and is nobody in the organization of the key. */
export type ReportContext = Pick<ServiceContext, 'db' | 'events' | 'clock' | 'origin' | 'accessChanged'>;

export interface LeakedKeyDependencies extends Mailing {
  readonly preTenant: Pick<PreTenantDatabase, 'findApiKey'>;
  /** The installation's secret, which the fingerprints of keys depend on. */
  readonly secretKey: string;
  readonly hashing: Hashing;
  readonly countAttempt: CountAttempt;
}

/**
 * Gives a function that ends the key with a secret for good. Its answer is the same whether there is such a key or not:
 * somebody who only guesses learns nothing, and somebody who holds the secret could have used it.
 *
 * @returns a function that throws ValidationError for what is far too long, RateLimitedError after too many reports, and
 *   ServiceUnavailableError when too many of the same network wait already.
 */
export function createLeakedKeyReports(dependencies: LeakedKeyDependencies) {
  const fingerprint = createFingerprint(dependencies.secretKey);
  const verifier = createVerifier(dependencies.hashing);
  return async (cx: ReportContext, input: RevokeLeakedKeyInput): Promise<void> => {
    const secret = parseInput(revokeLeakedKeyInput, input).secret.trim();
    const ip = cx.origin.ip ?? null;
    await takeAttempt(dependencies.countAttempt, { kind: 'leakedKey', address: null, ip });
    if (!isWellFormedApiKey(secret)) return;
    const key = await dependencies.preTenant.findApiKey(fingerprint(secret));
    // An unknown one is compared too, with nothing, and a known one has no lane of its own: a report is a guess.
    const matches = await verifier.verify(key?.secretHash ?? null, secret, { lane: 'guess', network: networkOf(ip) });
    if (key !== null && matches) await end(dependencies, cx, key);
  };
}

/** Revokes the key in its organization, where nobody has asked for it: the server does it. */
async function end({ mailer, mails }: Mailing, cx: ReportContext, { orgId, keyId, membershipId }: FoundApiKey): Promise<void> {
  const { db, clock, events, origin } = cx;
  const ended = await runInScope(createScope({ orgId, userId: null }), () =>
    db.$transaction(async (tx) => {
      const { count } = await tx.apiKey.updateMany({
        where: { orgId, id: keyId, status: 'active' },
        data: { status: 'revoked', revokedAt: clock.now(), revokedReason: 'leaked' },
      });
      if (count === 0) return null;
      const key = await tx.apiKey.findFirstOrThrow({
        where: { orgId, id: keyId },
        select: { name: true, prefix: true, owner: { select: { email: true } }, organization: { select: { name: true } } },
      });
      await record(tx, { principal: null, origin, events }, keyRevoked(keyId, membershipId, 'leaked'));
      return key;
    }),
  );
  cx.accessChanged({ kind: 'key', id: keyId });
  if (ended === null) return;
  const { name, prefix, owner, organization } = ended;
  mailer.send(keyLeakedMail(mails, { to: owner.email, key: name, prefix, organization: organization.name }));
}
