import { COUNT_MAX, type OperationSize } from './measure.ts';

/** How much one operation may ask for. */
export interface OperationLimits {
  /** Levels of fields. Runs of a workflow with their tasks are 10 levels below the list of workflows. */
  readonly depth: number;
  /** Levels of fields in the schema itself. The query that clients read it with has 15. */
  readonly introspectionDepth: number;
  readonly aliases: number;
  /** Each is at least a statement of its own. */
  readonly rootFields: number;
  readonly directives: number;
  /** Objects that it may read. An answer is made in one go, during which the server answers nobody else. */
  readonly cost: number;
  /** Scalars that its answer may hold. */
  readonly values: number;
}

type Check = readonly [limit: keyof OperationLimits, refusal: (asked: string, limit: string) => string];

/** In the order in which they are told: what is written before what it may grow into. */
const CHECKS: readonly Check[] = [
  ['rootFields', (asked, limit) => `This operation has ${asked} root fields; the limit is ${limit}: ask for them in several requests.`],
  ['aliases', (asked, limit) => `This operation has ${asked} aliases; the limit is ${limit}: ask for less at a time.`],
  ['directives', (asked, limit) => `This operation has ${asked} directives; the limit is ${limit}: leave some away.`],
  ['depth', (asked, limit) => `This query is ${asked} levels deep; the limit is ${limit}: ask for what lies deeper by its id.`],
  ['introspectionDepth', (asked, limit) => `This query looks ${asked} levels deep into the schema; the limit is ${limit}.`],
  ['cost', (asked, limit) => `This query may cost ${asked}; the limit is ${limit}: ask for smaller pages or fewer nested lists.`],
  ['values', (asked, limit) => `This query may answer ${asked} values; the limit is ${limit}: ask for smaller pages or fewer fields.`],
];

const number = new Intl.NumberFormat('en-US');

/** What may come out as less than was measured is "up to" so much; what is written is just so much. */
const ESTIMATED: ReadonlySet<keyof OperationLimits> = new Set(['cost', 'values']);

/** What needs no valid document to be measured, because it depends on nothing but what is written. */
const WRITTEN = CHECKS.filter(([limit]) => !ESTIMATED.has(limit));

/**
 * Why an operation that was not validated yet is refused for what is written in it; null when it may be validated. One
 * without an end, whose fragments spread themselves, is left to the validation, which says so better.
 */
export function writtenExcessOf(size: OperationSize, limits: OperationLimits): string | null {
  return Math.max(size.depth, size.introspectionDepth) < COUNT_MAX ? excessOf(size, limits, WRITTEN) : null;
}

/** Why an operation of this size is refused and what to do about it; null when it may run. */
export function excessOf(size: OperationSize, limits: OperationLimits, checks = CHECKS): string | null {
  const exceeded = checks.find(([limit]) => size[limit] > limits[limit]);
  if (!exceeded) return null;
  const [limit, refusal] = exceeded;
  const asked = size[limit];
  const atLeast = asked < COUNT_MAX ? (ESTIMATED.has(limit) ? 'up to ' : '') : 'more than ';
  return refusal(`${atLeast}${number.format(asked)}`, number.format(limits[limit]));
}
