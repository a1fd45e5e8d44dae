import { ForbiddenError } from '../../kernel/errors.ts';
import { liesWithin } from './places.ts';

/** What a key is held to besides its scopes and its time. */
export interface KeyBounds {
  /** None: from anywhere. */
  readonly allowedNetworks: readonly string[];
  /** None: for every page, and for what is no page. */
  readonly allowedOrigins: readonly string[];
  readonly requireSecondFactor: boolean;
  /** Root fields within a month; null: without an end. */
  readonly monthlyLimit: number | null;
}

/** What a key that a key makes is held to: what was asked for, and what its maker is held to where nothing was. */
export function inheritBounds(asked: KeyBounds, maker: KeyBounds | null): KeyBounds {
  if (maker === null) return asked;
  const orMakers = (own: readonly string[], makers: readonly string[]) => (own.length > 0 ? own : makers);
  return {
    allowedNetworks: orMakers(asked.allowedNetworks, maker.allowedNetworks),
    allowedOrigins: orMakers(asked.allowedOrigins, maker.allowedOrigins),
    requireSecondFactor: asked.requireSecondFactor || maker.requireSecondFactor,
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
  const beyond = (Object.keys(FREER) as (keyof KeyBounds)[]).filter((name) => FREER[name](bounds, maker));
  if (beyond.length > 0) throw new ForbiddenError(`An API key leaves no key freer than itself: ${beyond.join(', ')}.`);
}

/** In what a key is freer than another. */
const FREER: Readonly<Record<keyof KeyBounds, (key: KeyBounds, other: KeyBounds) => boolean>> = {
  allowedNetworks: ({ allowedNetworks: own }, { allowedNetworks: others }) =>
    others.length > 0 && (own.length === 0 || own.some((network) => !liesWithin(network, others))),
  allowedOrigins: ({ allowedOrigins: own }, { allowedOrigins: others }) =>
    others.length > 0 && (own.length === 0 || own.some((origin) => !others.includes(origin))),
  requireSecondFactor: (key, other) => other.requireSecondFactor && !key.requireSecondFactor,
  monthlyLimit: ({ monthlyLimit: own }, { monthlyLimit: most }) => most !== null && (own === null || own > most),
};
