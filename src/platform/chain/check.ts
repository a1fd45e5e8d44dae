import type { KeyRing } from './keys.ts';
import { FIRST_HASH, hashAfter } from './lines.ts';
import { type Archive, type Checkpoint, type Signed, verifyStatement } from './statements.ts';

/** Something that is wrong with a log, and where. */
export interface Finding {
  readonly position: number;
  readonly message: string;
}

/** Where a log is held against its chain from. */
export interface ChainStart {
  readonly organization: string;
  /** The last position that is taken for granted; 0 at the beginning. */
  readonly position: number;
  /** The hash at that position, in hexadecimal digits. */
  readonly hash: string;
}

/** Holds events, as they come, against the chain of their hashes and against what was signed. */
export interface ChainCheck {
  event(event: { readonly position: number; readonly hash: string; readonly body: string | Buffer }): void;
  /** What was signed about the position that was reached last. */
  signed(signed: Signed<Checkpoint | Archive>): void;
  /** Something else that was seen. */
  find(position: number, message: string): void;
  readonly findings: readonly Finding[];
  /** How much was found in all: only the first hundred are kept. */
  readonly found: number;
  /** The position that was reached, and its hash. */
  readonly position: number;
  readonly hash: string;
  /** How many events were looked at. */
  readonly events: number;
  /** The last position up to which a signature holds. */
  readonly signedThrough: number;
  /** How many signatures hold. */
  readonly signatures: number;
}

const KEPT = 100;

/** The start of a log from which nothing was archived. */
export const beginningOf = (organization: string): ChainStart => ({ organization, position: 0, hash: FIRST_HASH });

const range = (from: number, to: number): string =>
  from === to ? `the event at position ${from} is missing` : `the events at the positions ${from} to ${to} are missing`;

/**
 * One fault is told once: after it the check goes on from what stands there, so that what follows is held against its own
 * neighbours.
 */
export function createChainCheck(keys: KeyRing, start: ChainStart): ChainCheck {
  const findings: Finding[] = [];
  const state = { position: start.position, hash: start.hash, events: 0, signedThrough: start.position, signatures: 0, found: 0 };
  const find = (position: number, message: string): void => {
    state.found += 1;
    if (findings.length < KEPT) findings.push({ position, message });
  };

  return {
    find,
    findings,
    get found() {
      return state.found;
    },
    get position() {
      return state.position;
    },
    get hash() {
      return state.hash;
    },
    get events() {
      return state.events;
    },
    get signedThrough() {
      return state.signedThrough;
    },
    get signatures() {
      return state.signatures;
    },
    event({ position, hash, body }) {
      state.events += 1;
      const next = state.position + 1;
      if (position < next) return find(position, `the event at position ${position} comes after the one at ${state.position}`);
      if (position > next) find(next, range(next, position - 1));
      else if (hashAfter(state.hash, body) !== hash) {
        find(position, `the event at position ${position} was changed: its hash does not follow from it and the one before`);
      }
      state.position = position;
      state.hash = hash;
    },
    signed(signed) {
      const { kind, organization, position, hash, keyId } = signed.statement;
      const verdict = verifyStatement(keys, signed);
      if (verdict === 'unknown key') {
        return find(position, `the ${kind} at position ${position} was signed by the key ${keyId}, which is not known here`);
      }
      if (verdict === 'wrong') return find(position, `the signature of the ${kind} at position ${position} is wrong`);
      if (organization !== start.organization) return find(position, `the ${kind} at position ${position} is of another organization`);
      if (position !== state.position) return find(position, `the ${kind} at position ${position} has no event at its position`);
      if (hash !== state.hash) {
        return find(position, `the ${kind} at position ${position} was signed over another hash: the log was changed after position ${state.signedThrough}`);
      }
      state.signedThrough = position;
      state.signatures += 1;
    },
  };
}
