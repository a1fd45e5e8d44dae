import type { Case } from '../cases.ts';
import type { BenchRequest, Contender, Subject } from '../contenders/contender.ts';
import type { Tenant } from '../truth.ts';

/** So many different requests are made before the load begins, and sent by turns. */
const DIFFERENT = 2_000;

/** The same numbers in every run. */
function createDice(seed: number): (sides: number) => number {
  let state = seed;
  return (sides) => {
    // The constants of Numerical Recipes' linear congruential generator; only the upper bits are used.
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * sides);
  };
}

/** Requests of one case, of all organizations mixed. @param run tells the names of what is created apart. */
export function makeRequests(contender: Contender, kind: Case, tenants: readonly TenantWithCursor[], run: string): BenchRequest[] {
  const dice = createDice(42);
  return Array.from({ length: DIFFERENT }, (_, number) => {
    const tenant = tenants[dice(tenants.length)]!;
    const workflowId = tenant.workflowIds[dice(tenant.workflowIds.length)]!;
    const { organization, deepCursor } = tenant;
    const subject: Subject = { organization, workflowId, deepCursor, newName: `Bench ${contender.name} ${run} ${number}` };
    return contender.request(kind, subject);
  });
}

/** An organization, and where its deep page begins for the contender at hand. */
export interface TenantWithCursor extends Tenant {
  readonly deepCursor: string;
}
