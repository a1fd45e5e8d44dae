import { UnauthenticatedError, ValidationError } from '../../kernel/errors.ts';
import type { FoundSignIn } from '../../platform/postgres/people-credentials.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { sessionLockedMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePerson } from '../require-person.ts';
import type { ServiceContext } from '../service-context.ts';
import { takeAttempt } from './attempts.ts';
import { type CountedProof, type ProofDependencies, proveCounted } from './complete-sign-in.ts';
import { type StepUpInput, stepUpInput } from './proof.input.ts';

/** That somebody has proved once more to be there. */
export interface SteppedUp {
  readonly provedUntil: Date;
  /** Null when it was no recovery code. */
  readonly recoveryCodesLeft: number | null;
}

/**
 * A mistake of typing is data, as for every other input: the session is not over, and a client that signs out or renews on
 * UNAUTHENTICATED and sends the request again would spend another attempt.
 */
const wrong = (proof: keyof typeof WRONG): ValidationError => ValidationError.of(`proof.${proof}`, WRONG[proof]);

const WRONG = {
  password: 'is wrong, or wrong ones were sent too often: try again later',
  code: 'is wrong, used or too old, or wrong ones were sent too often: wait for the next one',
  recoveryCode: 'is wrong or used, or wrong ones were sent too often: take another one, or try again later',
};

/**
 * Proves that the person of a session is still there: with the password, or with a code when a second factor is set up.
 * Wrong proofs lock as wrong passwords at the door do, each for itself: a session that was stolen buys no endless guesses,
 * and what strangers do at the door keeps nobody from proving anything inside.
 *
 * @throws ForbiddenError for an API key, ValidationError for a wrong proof, for a password where a code is asked for, and the
 * other way about; RateLimitedError after too many attempts; UnauthenticatedError when the session has ended meanwhile.
 */
export async function stepUp(dependencies: ProofDependencies, cx: ServiceContext, input: StepUpInput): Promise<SteppedUp> {
  const { preTenant, clock, session, attemptSubjects } = dependencies;
  const { userId, credentialId } = requirePerson(cx);
  const { proof } = parseInput(stepUpInput, input);
  const { email } = await cx.db.user.findUniqueOrThrow({ where: { id: userId }, select: { email: true } });
  const ip = cx.origin.ip ?? null;
  await takeAttempt(dependencies.countAttempt, { kind: 'stepUp', address: null, userId, ip });
  const subject = 'password' in proof ? attemptSubjects.session(userId) : attemptSubjects.codes(userId);
  const now = clock.now();
  const found = await preTenant.beginSignIn(email, subject, now);
  const giveBack = async (): Promise<void> => {
    if (!found.locked) await preTenant.settleSignIn(subject, false);
  };
  if ('password' in proof && found.secondFactor) {
    await giveBack();
    throw ValidationError.of('proof.password', 'is not enough, because a second factor is set up: send a code');
  }
  if (!('password' in proof) && !found.secondFactor) {
    await giveBack();
    throw ValidationError.of('proof', 'cannot be a code, because no second factor is set up: send the password');
  }
  const recoveryCodesLeft =
    'password' in proof
      ? await provePassword(dependencies, { email, found, password: proof.password, ip, giveBack })
      : await proveCode(dependencies, { userId, email, proof, taken: found });
  // Settled before it counts: after it, a failure would be told as what may be tried again, and a code works once.
  await preTenant.settleSignIn(subject, true);
  const proved = { provedAt: now, ...(found.secondFactor && { secondFactorAt: now }) };
  const { count } = await cx.db.session.updateMany({ where: { id: credentialId, userId, endedAt: null }, data: proved });
  if (count === 0) throw new UnauthenticatedError();
  cx.accessChanged({ kind: 'session', id: credentialId });
  return { provedUntil: new Date(now.getTime() + session.stepUpMs), recoveryCodesLeft };
}

interface PasswordGuess {
  readonly email: string;
  readonly found: FoundSignIn;
  readonly password: string;
  readonly ip: string | null;
  /** Called when nothing could be compared: somebody else's flood must not lock who sits in the same network. */
  giveBack(): Promise<void>;
}

async function provePassword({ passwords, mailer, mails }: ProofDependencies, guess: PasswordGuess): Promise<null> {
  const { email: to, found, password, ip, giveBack } = guess;
  const { passwordHash, locked, locksUntil } = found;
  const matches = await passwords.verify(passwordHash, password, { lane: 'guess', network: networkOf(ip) }).catch(async (error: unknown) => {
    await giveBack();
    throw error;
  });
  if (matches && !locked) return null;
  if (locksUntil !== null) mailer.send(sessionLockedMail(mails, { to, until: locksUntil }));
  throw wrong('password');
}

/** How many recovery codes are left, when it was one. */
async function proveCode(dependencies: ProofDependencies, counted: CountedProof): Promise<number | null> {
  const proved = await proveCounted(dependencies, counted);
  if (proved === null) throw wrong('code' in counted.proof ? 'code' : 'recoveryCode');
  return proved.recoveryCodesLeft;
}
