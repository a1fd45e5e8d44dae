import { createKeyedTurns, createTurns } from '../../kernel/turns.ts';

/**
 * For whom a hash is worked out. `known`: a secret that is right for certain. `mint`: a new secret, by the organization that
 * it is for. `guess`: everything else, by the network it comes from. A password is always a guess: a lane by account would
 * tell which exist.
 */
export type HashingFor =
  | { readonly lane: 'known' }
  | { readonly lane: 'mint'; readonly orgId: string }
  | { readonly lane: 'guess'; readonly network: string };

export interface HashingLanesOptions {
  /** How many at once in this process, each of which takes a processor and 19 MiB for some tens of milliseconds. */
  readonly atOnce: number;
  /** How many more guesses of one network, and new secrets of one organization, may wait. */
  readonly waitingPerNetwork: number;
}

/** @throws ServiceUnavailableError, before any work, when too many of the network or organization wait already. */
export type HashingLanes = <Result>(who: HashingFor, work: () => Promise<Result>) => Promise<Result>;

/**
 * Bounds how many hashes are worked out at once, so that a flood of wrong secrets cannot take the processors from those
 * whose secrets are right: a third of the places, at least one, is for the known. Of the rest each network has one at a
 * time, by turns; what would wait behind too many of its own network is refused before it costs anything. New secrets are
 * made one at a time, the organizations by turns, in a place of the known: however many one asks for, no key waits for more
 * than one of them.
 */
export function createHashingLanes({ atOnce, waitingPerNetwork }: HashingLanesOptions): HashingLanes {
  const ofKnown = Math.max(1, Math.floor(atOnce / 3));
  const known = createTurns(ofKnown);
  const guess = createKeyedTurns({ ofOne: 1, ofAll: Math.max(1, atOnce - ofKnown), waiting: waitingPerNetwork });
  const mint = createKeyedTurns({ ofOne: 1, ofAll: 1, waiting: waitingPerNetwork });
  return (who, work) => {
    if (who.lane === 'mint') return mint(who.orgId, () => known(work));
    return who.lane === 'known' ? known(work) : guess(who.network, work);
  };
}
