import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.ts';
import { RateLimitedError } from '../../kernel/errors.ts';
import type { Origin } from '../../kernel/origin.ts';
import type { Principal } from '../../kernel/principal.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { record } from '../events/index.ts';
import type { EventLog } from '../service-context.ts';
import { keyUsedUp } from './events.ts';
import { monthEnds, periodOf } from './month.ts';
import { createUseNotes } from './use-notes.ts';

/** Counts what API keys ask for, by the month. */
export interface KeyUsage {
  /**
   * Counts root fields of an operation that is about to run; those of a person count for nothing here.
   *
   * A key with a limit is counted in the database before it may go on: never more than the limit, however many processes
   * count at once. One without is counted when there is time.
   *
   * @returns null when they may be asked for, else why not.
   * @throws like a statement of the tenant client: what cannot be counted does not run.
   */
  take(principal: Principal | null, origin: Origin, calls: number): Promise<RateLimitedError | null>;
  /** Writes what was noted until now. What cannot be written stays for the next time. */
  flush(): Promise<void>;
  /** Writes the rest. Call it when no request comes any more. */
  close(): Promise<void>;
}

export interface KeyUsageDependencies {
  readonly db: TenantClient;
  readonly events: EventLog;
  readonly clock: Clock;
  /** How often what was noted is written. */
  readonly flushMs: number;
  /** Told of what could not be written down. */
  readonly onLost: (error: unknown) => void;
}

const MOST_TOLD = 10_000;

/** A count that is held to a limit. */
interface Count {
  readonly usageId: string;
  readonly period: string;
  readonly limit: number;
}

export function createKeyUsage({ db, events, clock, flushMs, onLost }: KeyUsageDependencies): KeyUsage {
  const notes = createUseNotes({ db, flushMs, onLost });
  /** The counts whose end this process has written down, so that a key that goes on asking costs no more than it must. */
  const told = new LRUCache<string, true>({ max: MOST_TOLD });

  /** Adds to the count of the month what still fits into the limit, in one statement: of any that come at once too. */
  async function fits(orgId: string, usageId: string, period: string, calls: number, limit: number): Promise<boolean> {
    const rows = await db.$queryRaw<object[]>`
      INSERT INTO iam.api_key_usage AS u (org_id, usage_id, period, used)
      SELECT ${orgId}::uuid, ${usageId}::uuid, ${period}::date, ${calls}::bigint WHERE ${calls}::bigint <= ${limit}::bigint
      ON CONFLICT (org_id, usage_id, period) DO UPDATE SET used = u.used + excluded.used WHERE u.used + excluded.used <= ${limit}::bigint
      RETURNING used`;
    return rows.length > 0;
  }

  /**
   * Writes down, once for each count, month and limit, that it came to its end. Where nothing was counted yet there is no end:
   * an operation was larger than a whole month.
   */
  async function tell(principal: Principal, origin: Origin, { usageId, period, limit }: Count): Promise<void> {
    const count = `${usageId}:${period}:${limit}`;
    if (told.has(count)) return;
    const { orgId } = principal.tenant!;
    const isWritten = await db.$transaction(async (tx) => {
      const first = await tx.$executeRaw`
        UPDATE iam.api_key_usage SET used_up_at = ${clock.now()}
        WHERE org_id = ${orgId}::uuid AND usage_id = ${usageId}::uuid AND period = ${period}::date AND used_up_at IS NULL`;
      if (first > 0) await record(tx, { principal, origin, events }, keyUsedUp(principal.credentialId, period));
      return first > 0 || (await tx.apiKeyUsage.count({ where: { orgId, usageId, period: new Date(period) } })) > 0;
    });
    if (isWritten) told.set(count, true);
  }

  return {
    async take(principal, origin, calls) {
      if (!principal?.usage || !principal.tenant) return null;
      const { orgId } = principal.tenant;
      const { id: usageId, monthlyLimit } = principal.usage;
      const now = clock.now();
      const period = periodOf(now);
      const use = { orgId, keyId: principal.credentialId, usageId, period, at: now };
      if (monthlyLimit === null) {
        notes.add({ ...use, calls });
        return null;
      }
      return runInScope(createScope({ orgId, userId: null }), async () => {
        if (await fits(orgId, usageId, period, calls, monthlyLimit)) {
          notes.add({ ...use, calls: 0 });
          return null;
        }
        await tell(principal, origin, { usageId, period, limit: monthlyLimit }).catch(onLost);
        const text = `This API key may ask for ${monthlyLimit.toLocaleString('en-US')} root fields a month, and the next one begins at ${monthEnds(now).toISOString().slice(0, 16)}Z`;
        return new RateLimitedError(text, monthEnds(now).getTime() - now.getTime());
      });
    },
    flush: notes.flush,
    close: notes.close,
  };
}
