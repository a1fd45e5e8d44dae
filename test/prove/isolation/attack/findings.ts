import type { GraphQLSchema } from 'graphql';
import { type Exemption, EXEMPTIONS } from '../exemptions.ts';
import type { Leak, PartResult } from '../part.ts';
import { fieldsRead, type Operation } from '../schema/documents.ts';
import type { Caller } from '../worlds/callers.ts';

/** What an attack was about, for the report and for exemptions. */
export interface Target {
  /** Field coordinates and position keys that it touches; the first names it. */
  readonly positions: readonly string[];
  readonly caller: Caller;
}

/** What attacks have found, gathered over a part. */
export interface Findings {
  /** Counts one case. */
  tried(target: Target): void;
  found(target: Target, what: string): void;
  /** Rows of the other organization are not what they were. */
  changed(target: Target): void;
  /** Two answers that must be the same, to the byte. */
  mustEqual(target: Target, left: string, right: string, what: string): void;
  /** Notes which fields an operation reads, and which of them came back with a value. */
  read(schema: GraphQLSchema, operation: Operation, data: unknown): void;
  note(text: string): void;
  /** Coordinates of fields that were seen with a value. */
  readonly seen: ReadonlySet<string>;
  readonly leaks: readonly Leak[];
  readonly attacked: ReadonlySet<string>;
  result(): PartResult;
}

/** More are of no use to a reader; the first ones tell what is wrong. */
const LEAKS_KEPT = 200;

const EXCERPT = 60;

function difference(left: string, right: string): string {
  let place = 0;
  while (place < left.length && left[place] === right[place]) place++;
  // Headers come first, and the length of an answer is the least telling difference.
  const from = place < left.indexOf('\n\n') ? Math.max(0, left.indexOf('\n\n')) : Math.max(0, place - EXCERPT / 2);
  const excerpt = (text: string): string => JSON.stringify(text.slice(from, from + EXCERPT * 2));
  return `${excerpt(left)} against ${excerpt(right)}`;
}

/** The fields with a value, by the type that each object says it has. */
function collectSeen(value: unknown, seen: Set<string>): void {
  if (typeof value !== 'object' || value === null) return;
  const { __typename: type } = value as { __typename?: unknown };
  for (const [name, below] of Object.entries(value)) {
    if (typeof type === 'string' && below !== null && !name.startsWith('__')) seen.add(`${type}.${name}`);
    collectSeen(below, seen);
  }
}

const covers = (exemption: Exemption, { positions, caller }: Target): boolean =>
  positions.includes(exemption.position) && (exemption.callers?.includes(caller.name) ?? true);

export function createFindings(): Findings {
  const leaks: Leak[] = [];
  const attacked = new Set<string>();
  const exempted = new Set<string>();
  const notes: string[] = [];
  const seen = new Set<string>();
  const documents = new Set<string>();
  let cases = 0;
  const judge = (target: Target, what: string, excuses: readonly Exemption[]): void => {
    const exemption = excuses.find((each) => covers(each, target));
    if (exemption) exempted.add(exemption.name);
    else if (leaks.length < LEAKS_KEPT) leaks.push({ where: `${target.positions[0]} as ${target.caller.name}`, what });
  };
  const found = (target: Target, what: string): void => judge(target, what, EXEMPTIONS);
  return {
    leaks,
    attacked,
    seen,
    found,
    changed: (target) => judge(target, 'rows of the other organization were changed', EXEMPTIONS.filter(({ mayChange }) => mayChange)),
    read(schema, operation, data) {
      collectSeen(data, seen);
      if (documents.has(operation.query)) return;
      documents.add(operation.query);
      for (const field of fieldsRead(schema, operation.query)) attacked.add(field);
    },
    note: (text) => void notes.push(text),
    tried({ positions }) {
      cases++;
      for (const position of positions) attacked.add(position);
    },
    mustEqual(target, left, right, what) {
      if (left !== right) found(target, `${what}: ${difference(left, right)}`);
    },
    result: () => ({ attacked: attacked.size, cases, leaks, exempted: [...exempted].sort(), notes }),
  };
}
