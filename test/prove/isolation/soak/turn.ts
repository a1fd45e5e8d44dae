import type { Ledger } from './ledger.ts';
import type { Caller, SoakTenant } from './tenants.ts';

export interface Ask {
  readonly document: string;
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly caller: Caller;
  /** The tenant that the caller is of, when it is not that of the turn. */
  readonly of?: SoakTenant;
  /** The codes that the answer must have, no more and no fewer; none unless told. */
  readonly codes?: readonly string[];
}

/** What came of a request. `lost`: it was cancelled or its time was up, so that nobody knows what it did. */
export interface Reply {
  readonly lost: boolean;
  readonly data: unknown;
  readonly text: string;
}

/** What the soak remembers of one tenant while it runs. */
export interface Memory {
  readonly workflows: Ledger;
  readonly schedules: Ledger;
  readonly members: Ledger;
  readonly keys: Ledger;
  /** Workflows that were made, and that nobody has begun to delete. */
  readonly made: { readonly id: string; readonly name: string }[];
}

/** One piece of work of one tenant. */
export interface Turn {
  readonly tenant: SoakTenant;
  readonly other: SoakTenant;
  readonly memory: Memory;
  /** A whole number from 0 to one below. */
  random(below: number): number;
  pick<Item>(items: readonly Item[]): Item;
  /** Sends a request, checks that every row of the answer is the tenant's, and the codes. */
  ask(ask: Ask): Promise<Reply>;
  /** Says that an answer was wrong in a way that is no leak. */
  wrong(what: string): void;
  /** Says that an answer told something of another tenant. */
  leak(what: string): void;
}

export interface Work {
  readonly name: string;
  /** How often it is done, beside the others. */
  readonly weight: number;
  readonly run: (turn: Turn) => Promise<void>;
}

/** The value at a path in an answer; undefined where the path ends early. */
export const at = (data: unknown, ...path: readonly (string | number)[]): unknown =>
  path.reduce<unknown>((value, step) => (value as Record<string | number, unknown> | null | undefined)?.[step], data);

/** The codes in an answer: of failures of the whole or of a field, and of results that are failures. */
export const codesIn = (value: unknown): string[] => {
  if (Array.isArray(value)) return value.flatMap(codesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => (name === 'code' ? [String(inner)] : codesIn(inner)));
};
