import { COST_MAX, type OperationSize } from './cost.ts';

/** Runs of a workflow with their tasks are 10 levels below the list of workflows; the rest is for going back up. */
export const DEPTH_MAX = 15;

/** Objects that one operation may read. An answer is made in one go, during which the server answers nobody else. */
export const QUERY_COST_MAX = 10_000;

/** More than any page of a frontend asks for at once. Each is at least a statement of its own. */
export const ROOT_FIELDS_MAX = 50;

const number = new Intl.NumberFormat('en-US');

/** Why an operation of this size is refused and what to do about it; null when it may run. */
export function excessOf({ depth, cost, rootFields }: OperationSize): string | null {
  if (rootFields > ROOT_FIELDS_MAX) {
    return `This operation has ${number.format(rootFields)} root fields; the limit is ${ROOT_FIELDS_MAX}: ask for them in several requests.`;
  }
  if (depth > DEPTH_MAX) {
    return `This query is ${number.format(depth)} levels deep; the limit is ${DEPTH_MAX}: ask for what lies deeper by its id.`;
  }
  if (cost <= QUERY_COST_MAX) return null;
  const amount = `${cost < COST_MAX ? 'up to' : 'more than'} ${number.format(cost)}`;
  const limit = number.format(QUERY_COST_MAX);
  return `This query may cost ${amount}; the limit is ${limit}: ask for smaller pages or fewer nested lists.`;
}
