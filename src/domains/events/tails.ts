import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { EVERY_EVENT } from './event.types.ts';
import { type EventPage, readEvents } from './read.ts';

/**
 * The ends of logs, read for all followers of an organization together: what is new is the same for all of them who have
 * come as far, and each takes what matches. A thousand followers would ask the database a thousand times otherwise,
 * whenever something happens.
 */
export interface Tails {
  /** Every event after the position, at most `limit`, matching or not. */
  read(db: TenantClient, orgId: string, after: number, limit: number): Promise<EventPage>;
  /** Something was appended: what is being read already may be without it, and is for nobody who asks from now on. */
  renew(orgId: string): void;
}

export function createTails(): Tails {
  /** What is being read at the moment, by organization and position. */
  const underWay = new Map<string, Map<number, Promise<EventPage>>>();

  return {
    read(db, orgId, after, limit) {
      const ofOne = underWay.get(orgId) ?? new Map<number, Promise<EventPage>>();
      const shared = ofOne.get(after);
      if (shared) return shared;
      // Nobody's in particular: what is in a log is the same for all who may read it, and who may see what is asked of each.
      const scope = createScope({ orgId, userId: null });
      const reading = runInScope(scope, () => readEvents({ db, principal: null }, EVERY_EVENT, { after, limit })).finally(() => {
        if (ofOne.get(after) === reading) ofOne.delete(after);
        if (ofOne.size === 0 && underWay.get(orgId) === ofOne) underWay.delete(orgId);
      });
      underWay.set(orgId, ofOne.set(after, reading));
      return reading;
    },
    renew: (orgId) => void underWay.delete(orgId),
  };
}
