import { ForbiddenError } from '../../kernel/errors.ts';
import { liesWithin } from './places.ts';

/** What a key is held to besides its scopes and its time. */
export interface KeyBounds {
  /** None: from anywhere. */
  readonly allowedNetworks: readonly string[];
  /** None: for every page, and for what is no page. */
  readonly allowedOrigins: readonly string[];
  readonly requireSecondFactor: boolean;
  /** Root fields within an hour. */
  readonly rateLimitPerHour: number;
  /** Root fields within a month; null: without an end. */
  readonly monthlyLimit: number | null;
}

/** What somebody asks for who makes a key: what is not said of the hour is the usual number. */
export type AskedBounds = Omit<KeyBounds, 'rateLimitPerHour'> & { readonly rateLimitPerHour: number | undefined };

/** Root fields within an hour, when nothing is said. */
const USUAL_PER_HOUR = 3_600;

/** Root fields within an hour where nothing is said: never more than the key has that makes or changes it. */
export const usualPerHour = (maker: KeyBounds | null): number => Math.min(USUAL_PER_HOUR, maker?.rateLimitPerHour ?? USUAL_PER_HOUR);

/** What a key that a key makes is held to: what was asked for, and what its maker is held to where nothing was. */
export function inheritBounds(asked: AskedBounds, maker: KeyBounds | null): KeyBounds {
  const rateLimitPerHour = asked.rateLimitPerHour ?? usualPerHour(maker);
  if (maker === null) return { ...asked, rateLimitPerHour };
  const orMakers = (own: readonly string[], makers: readonly string[]) => (own.length > 0 ? own : makers);
  return {
    allowedNetworks: orMakers(asked.allowedNetworks, maker.allowedNetworks),
    allowedOrigins: orMakers(asked.allowedOrigins, maker.allowedOrigins),
    requireSecondFactor: asked.requireSecondFactor || maker.requireSecondFactor,
    rateLimitPerHour,
    monthlyLimit: asked.monthlyLimit ?? maker.monthlyLimit,
  };
}

/**
 * No key leaves another, or itself, freer than it is: who has copied it would leave its network by that way.
 *
 * @param maker null for a person, whom nothing holds here.
 * @throws ForbiddenError naming what is too much.
 */
export function checkBounds(bounds: KeyBounds, maker: KeyBounds | null): void {
  if (maker === null) return;
  const beyond = freerIn(bounds, maker);
  if (beyond.length > 0) throw new ForbiddenError(`An API key leaves no key freer than itself: ${beyond.join(', ')}.`);
}

/** In what a key is freer than another, or than it was before. */
export function freerIn(key: KeyBounds, other: KeyBounds): (keyof KeyBounds)[] {
  return (Object.keys(FREER) as (keyof KeyBounds)[]).filter((name) => FREER[name](key, other));
}

const FREER: Readonly<Record<keyof KeyBounds, (key: KeyBounds, other: KeyBounds) => boolean>> = {
  allowedNetworks: ({ allowedNetworks: own }, { allowedNetworks: others }) =>
    others.length > 0 && (own.length === 0 || own.some((network) => !liesWithin(network, others))),
  allowedOrigins: ({ allowedOrigins: own }, { allowedOrigins: others }) =>
    others.length > 0 && (own.length === 0 || own.some((origin) => !others.includes(origin))),
  requireSecondFactor: (key, other) => other.requireSecondFactor && !key.requireSecondFactor,
  rateLimitPerHour: (key, other) => key.rateLimitPerHour > other.rateLimitPerHour,
  monthlyLimit: ({ monthlyLimit: own }, { monthlyLimit: most }) => most !== null && (own === null || own > most),
};
