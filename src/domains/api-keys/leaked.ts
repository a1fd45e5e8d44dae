import { z } from 'zod';
import type { Hashing } from '../../platform/crypto/passwords.ts';
import type { FoundApiKey, PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { Mail } from '../../platform/mail/index.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { type CountAttempt, createFingerprint, createVerifier, isWellFormedApiKey, takeAttempt } from '../auth/index.ts';
import { record } from '../events/index.ts';
import { keyLeakedMail, madeByLeakedMail, type Mailing, type MailSettings } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import type { ServiceContext } from '../service-context.ts';
import { endLeakedLine, type LeakedKey } from './leaked-line.ts';

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
 * Gives a function that ends the key with a secret for good, and every key that was made with it. Its answer is the same whether there is such a key or not:
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

/** Revokes the key and what was made with it in its organization, where nobody has asked for it: the server does it. */
async function end({ mailer, mails }: Mailing, cx: ReportContext, { orgId, keyId, organizationName }: FoundApiKey): Promise<void> {
  const { db, clock, events, origin } = cx;
  const { ended, reported } = await runInScope(createScope({ orgId, userId: null }), () =>
    db.$transaction(async (tx) => {
      const line = await endLeakedLine(tx, { orgId, keyId, now: clock.now() });
      await record(tx, { principal: null, origin, events }, ...line.events);
      const select = { id: true, prefix: true, owner: { select: { id: true, email: true } } };
      return { ended: line.ended, reported: await tx.apiKey.findFirstOrThrow({ where: { orgId, id: keyId }, select }) };
    }),
  );
  for (const id of new Set([reported, ...ended].map((key) => key.id))) cx.accessChanged({ kind: 'key', id });
  for (const mail of mailsOf(mails, organizationName, reported, ended)) mailer.send(mail);
}

/** One for everybody whose keys have ended: who owns the reported one is told of all, and the others of their own. */
function mailsOf(mails: MailSettings, organization: string, reported: LeakedKey, ended: readonly LeakedKey[]): Mail[] {
  if (ended.length === 0) return [];
  const made = ended.filter(({ id }) => id !== reported.id);
  const others = Map.groupBy(made.filter(({ owner }) => owner.id !== reported.owner.id), ({ owner }) => owner.email);
  const prefixes = (keys: readonly LeakedKey[]): string[] => keys.map(({ prefix }) => prefix);
  return [
    keyLeakedMail(mails, { to: reported.owner.email, prefix: reported.prefix, organization, wasLive: made.length < ended.length, made: prefixes(made) }),
    ...[...others].map(([to, keys]) => madeByLeakedMail(mails, { to, organization, made: prefixes(keys) })),
  ];
}
