import type { OperationSize } from '../graphql/limits/measure.ts';
import type { ViewerRateLimit } from '../graphql/viewer/rate-limit.ts';
import type { Clock } from '../kernel/clock.ts';
import { RateLimitedError } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Admission, RateLimits } from '../platform/rate-limits/index.ts';
import { subnetOf } from '../platform/rate-limits/network.ts';

export interface CallerLimits {
  /** Root fields that a person may ask for within an hour. */
  readonly userPerHour: number;
  /** The same for one network address without credentials. */
  readonly anonymousPerHour: number;
}

/** How the limits of a caller stand, and what they say to an operation. */
export interface Metered {
  readonly refusal: RateLimitedError | null;
  readonly state: ViewerRateLimit;
  /** What is left of the cost when the operation has cost so much; the rest of what was asked for is given back. */
  settle(actual: number): number;
}

/** Counts the operations of each caller: those of an API key, of a person, or of a network address without either. */
export interface CallerMeter {
  admit(principal: Principal | null, address: string | null, size: OperationSize): Promise<Metered>;
  /** What each further answer to an operation that was admitted costs: it counts as no root field. */
  openTab(principal: Principal | null, address: string | null, cost: number): Tab;
}

/** What the answers of a subscription are taken from. */
export interface Tab {
  /** Takes what an answer may cost. Answers the milliseconds to wait until there is enough; 0 when it was taken. */
  take(): Promise<number>;
  /** Gives back what the answer has not cost. */
  settle(actual: number): void;
}

export function createCallerMeter(rateLimits: RateLimits, limits: CallerLimits, clock: Clock): CallerMeter {
  const { work, burst } = rateLimits.settings;
  return {
    async admit(principal, address, { rootFields, cost }) {
      const { subject, who, perHour } = bucketOf(principal, address, limits);
      const admission = await rateLimits.admit({ subject, calls: rootFields, callsPerHour: perHour, work: cost });
      return {
        refusal: refusalOf(admission, {
          hour: `${who} may ask for ${count(perHour)} root fields an hour`,
          burst: `${who} may ask for ${count(burst.capacity)} root fields at once and ${count(burst.perSecond)} a second after that`,
          work: `${who} may spend a cost of ${count(work.capacity)} at once and ${count(work.perSecond)} a second after that`,
        }, perHour),
        state: {
          limit: perHour,
          remaining: admission.callsLeft,
          resetAt: new Date(clock.now().getTime() + admission.hourEndsInMs),
          cost: { limit: work.capacity, available: admission.workLeft, restoreRate: work.perSecond },
        },
        settle(actual) {
          const unused = Math.max(0, cost - actual);
          rateLimits.giveBackWork(subject, unused);
          return Math.min(work.capacity, admission.workLeft + unused);
        },
      };
    },
    openTab(principal, address, cost) {
      const subject = subjectOf(principal, address);
      return {
        take: () => rateLimits.takeWork(subject, cost),
        settle: (actual) => rateLimits.giveBackWork(subject, Math.max(0, cost - actual)),
      };
    },
  };
}

/** What a caller's operations are taken from. */
interface Bucket {
  readonly subject: string;
  readonly who: string;
  readonly perHour: number;
}

function bucketOf(principal: Principal | null, address: string | null, limits: CallerLimits): Bucket {
  const subject = subjectOf(principal, address);
  if (principal === null) return { subject, who: 'Your network address', perHour: limits.anonymousPerHour };
  if (principal.kind === 'user') return { subject, who: 'You', perHour: limits.userPerHour };
  return { subject, who: 'This API key', perHour: principal.rateLimitPerHour ?? limits.userPerHour };
}

/** Whose bucket a request is taken from. */
export function subjectOf(principal: Principal | null, address: string | null): string {
  if (principal === null) return `address:${subnetOf(address)}`;
  const { kind, credentialId, userId } = principal;
  // All sessions of a person together: signing in again is no way to more.
  return kind === 'apiKey' ? `key:${credentialId}` : `user:${userId}`;
}

const count = (amount: number): string => amount.toLocaleString('en-US');

function refusalOf(
  { refusal }: Admission,
  texts: Readonly<Record<NonNullable<Admission['refusal']>['limit'], string>>,
  perHour: number,
): RateLimitedError | null {
  if (refusal === null) return null;
  const { limit, waitMs } = refusal;
  return new RateLimitedError(texts[limit], waitMs ?? { insteadOfWaiting: `ask for at most ${count(perHour)} at once` });
}
