import { UnauthenticatedError } from '../../kernel/errors.ts';
import type { Origin } from '../../kernel/origin.ts';
import { isToken, sha256 } from '../../platform/crypto/tokens.ts';
import { recoveryCodeUsedMail, wrongCodesMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import type { Proof, Proved, SecondFactorProver } from '../second-factor/index.ts';
import { takeAttempt } from './attempts.ts';
import { type CompleteSignInInput, completeSignInInput } from './proof.input.ts';
import type { IssuedSession } from './sessions.ts';
import type { SignInDependencies } from './sign-in.ts';
import { TOKENS } from './tokens.ts';
import { openSessionIf } from './way-in.ts';

export interface ProofDependencies extends SignInDependencies {
  readonly secondFactors: SecondFactorProver;
}

/** A session that a second factor has opened. */
export interface CompletedSignIn extends IssuedSession {
  /** Null when it was no recovery code. */
  readonly recoveryCodesLeft: number | null;
}

/** One text for everything that can be wrong with a second factor, or with the challenge that it answers. */
const wrongProof = (): UnauthenticatedError => new UnauthenticatedError('The code is wrong, used or too old: wait for the next one, or sign in anew if it stays so.');

/**
 * Opens the session of somebody whose password was right, for a code or a recovery code. A challenge is good for five
 * attempts, five minutes and one session. Wrong codes are counted by the person and lock the codes in the end: a password
 * that was stolen buys no endless codes, with however many challenges. Nobody without a challenge of the person, or a
 * session, can bring it about: neither by the lock of the address nor by any window but that of the own network.
 *
 * @throws UnauthenticatedError with one text, whatever is wrong.
 * @throws RateLimitedError after too many attempts from one network.
 */
export async function completeSignIn(dependencies: ProofDependencies, input: CompleteSignInInput, origin: Origin): Promise<CompletedSignIn> {
  const { preTenant, clock, attemptSubjects } = dependencies;
  const { challengeToken, proof } = parseInput(completeSignInInput, input);
  await takeAttempt(dependencies.countAttempt, { kind: 'stepUp', address: null, ip: origin.ip ?? null });
  if (!isToken(TOKENS.second_factor.prefix, challengeToken)) throw wrongProof();
  const challenge = sha256(challengeToken);
  const now = clock.now();
  const found = await preTenant.findOpenToken(challenge, 'second_factor', now);
  if (found === null) throw wrongProof();
  const { userId, email } = found;
  const subject = attemptSubjects.codes(userId);
  const proved = await proveCounted(dependencies, { userId, email, proof, taken: await preTenant.takeSignInAttempt(subject, now) });
  if (proved === null) throw wrongProof();
  // Settled before the challenge is used up: after it, a failure would be told as what may be tried again.
  await preTenant.settleSignIn(subject, true);
  // Of two that answer one challenge, and of this and a new password, one finds it used.
  const useUp = async (): Promise<boolean> => (await preTenant.useToken(challenge, 'second_factor', now)) !== null;
  const session = await openSessionIf(dependencies, { userId, origin, provedAt: now, secondFactorAt: now }, useUp);
  if (session === null) throw wrongProof();
  return { ...session, recoveryCodesLeft: proved.recoveryCodesLeft };
}

/** A proof whose attempt was counted. */
export interface CountedProof {
  readonly userId: string;
  readonly email: string;
  readonly proof: Proof;
  readonly taken: { readonly locked: boolean; readonly locksUntil: Date | null };
}

/** Whoever has the address learns of a recovery code that was used, and of codes that are locked. Null: wrong, used or locked. */
export async function proveCounted({ secondFactors, clock, mailer, mails }: ProofDependencies, counted: CountedProof): Promise<Proved | null> {
  const { userId, email: to, proof, taken } = counted;
  const proved = taken.locked ? null : await secondFactors.prove(userId, proof, clock.now());
  if (proved === null && taken.locksUntil !== null) mailer.send(wrongCodesMail(mails, to));
  if (proved !== null && proved.recoveryCodesLeft !== null) mailer.send(recoveryCodeUsedMail(mails, { to, left: proved.recoveryCodesLeft }));
  return proved;
}
