import { LRUCache } from 'lru-cache';
import type { Clock } from '../../kernel/clock.ts';
import type { Origin } from '../../kernel/origin.ts';
import type { Principal } from '../../kernel/principal.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { createAllowance } from '../../platform/rate-limits/allowance.ts';
import { type AuditEvent, type AuditKind, toNewEvent } from '../events/index.ts';
import type { JsonObject } from '../json-limits.ts';
import type { EventLog } from '../service-context.ts';
import { createDenialAllowance } from './denial-allowance.ts';
import { accessEvents } from './events.ts';
import { createLeftOut, nameOf } from './left-out.ts';

/** Something that a request was refused. */
export interface Denial {
  readonly code: 'FORBIDDEN' | 'SECOND_FACTOR_REQUIRED' | 'STEP_UP_REQUIRED' | 'RATE_LIMITED';
  /** `Type.field`; null for a request that was refused as a whole. */
  readonly field: string | null;
  readonly permission: string | null;
  readonly reason: string;
}

/** An API key that is known, and what became of it. */
export interface PresentedKey {
  readonly keyId: string;
  readonly userId: string;
  readonly orgId: string;
  readonly membershipId: string;
  /** Why it was not let in, as a code; null when it was. */
  readonly refusal: string | null;
}

/** Who works where. */
export interface Caller {
  readonly principal: Principal;
  readonly origin: Origin;
}

/**
 * Writes down who came in and who was refused, in the log of the organization concerned; of those who name none, nothing.
 * What is asked again and again is written so often and no more, in each process: nobody fills a log by being refused.
 */
export interface AccessLog {
  /**
   * Call it before the refusal is answered. What cannot be written is told to the operator; the answer stays a refusal. What
   * is too much to be written one by one is written as one event when the caller's minute is over.
   */
  denied(caller: Caller, denials: readonly Denial[]): Promise<void>;
  /** Call it before an operator is shown anything. @throws when it cannot be written down: then nothing is to be shown. */
  entered(caller: Caller): Promise<void>;
  /** Written when there is time: nobody may tell by the time of an answer whether a key was ever good. */
  presented(key: PresentedKey, origin: Origin): void;
  /** When everything was written that was to be by now. */
  settled(): Promise<void>;
  /** Writes what would have been written later. Call it when no request comes any more. */
  close(): Promise<void>;
}

export interface AccessLogDependencies {
  readonly events: EventLog;
  readonly db: TenantClient;
  readonly clock: Clock;
  /** Told of what could not be written down. */
  readonly onLost: (error: unknown) => void;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Of one caller in one organization; those of one field and permission do not take all of it. */
const DENIALS_PER_MINUTE = 20;
const REPEATED_PER_MINUTE = 12;
const MOST_ENTRIES = 10_000;

/** The access log of one process: what it counts, so that nobody fills a log, is counted here and nowhere else. */
export function createAccessLog({ events, db, clock, onLost }: AccessLogDependencies): AccessLog {
  const denials = createDenialAllowance({ most: DENIALS_PER_MINUTE, repeated: REPEATED_PER_MINUTE, withinMs: MINUTE_MS });
  const oncePerMinute = createAllowance({ most: 1, withinMs: MINUTE_MS });
  const oncePerHour = createAllowance({ most: 1, withinMs: HOUR_MS });
  /** Each for as long as it need not be written again. */
  const entries = new LRUCache<string, { readonly writing: Promise<void>; readonly until: number }>({ max: MOST_ENTRIES });
  const underWay = new Set<Promise<void>>();

  async function write({ principal, origin }: Caller, noted: readonly AuditEvent[]): Promise<void> {
    const { tenant } = principal;
    if (tenant === null || noted.length === 0) return;
    // Who acts is written in each event; the scope says only whose log it is.
    await runInScope(createScope({ orgId: tenant.orgId, userId: null }), () =>
      events.append({ db, principal, origin }, noted.map((event) => toNewEvent(principal, event))),
    );
  }

  /** Writes without anybody waiting for it. */
  function writeLater(caller: Caller, event: AuditEvent): void {
    const writing = write(caller, [event])
      .catch(onLost)
      .finally(() => underWay.delete(writing));
    underWay.add(writing);
  }

  const leftOut = createLeftOut(clock, ({ principal, origin }, data) => {
    const reason = 'Refused more often within a minute than is written down one by one.';
    // It is of several requests, so it has the id of none.
    const caller = { principal, origin: { ...origin, correlationId: null } };
    writeLater(caller, { kind: accessEvents.denied, about: null, data: { code: 'FORBIDDEN', field: null, permission: null, reason, ...data } });
  });

  /** What still may be written of what a caller was refused; the rest is written together, at the end of the caller's minute. */
  function allowed(caller: Caller, refused: readonly Denial[]): AuditEvent[] {
    const { principal } = caller;
    const who = `${principal.tenant?.orgId}:${principal.credentialId}`;
    const now = clock.now();
    const [tooMuch, forbidden] = [refused.filter(isTooMuch), refused.filter((denial) => !isTooMuch(denial))];
    const limited = oncePerMinute.take(`limited:${who}`, Math.min(tooMuch.length, 1), now);
    const { granted, endsAt } = denials.take(who, forbidden.map(nameOf), now);
    leftOut.add(who, caller, forbidden.filter((_, index) => !granted[index]), endsAt);
    return [
      ...counted(tooMuch.slice(0, limited.granted), limited.leftOut, principal),
      ...counted(forbidden.filter((_, index) => granted[index]), 0, principal),
    ];
  }

  return {
    async denied(caller, refused) {
      if (caller.principal.tenant === null) return;
      await write(caller, allowed(caller, refused)).catch(onLost);
    },

    async entered(caller) {
      const { credentialId, tenant } = caller.principal;
      if (tenant === null || tenant.role !== null) return;
      const who = `${tenant.orgId}:${credentialId}`;
      const now = clock.now().getTime();
      const known = entries.get(who);
      const entry =
        known !== undefined && known.until > now
          ? known
          : { writing: write(caller, [{ kind: accessEvents.entered, about: null }]), until: now + HOUR_MS };
      entries.set(who, entry);
      try {
        // Whoever comes at the same time waits until it is written too.
        await entry.writing;
      } catch (error) {
        if (entries.get(who) === entry) entries.delete(who);
        throw error;
      }
    },

    presented(key, origin) {
      const { keyId, refusal } = key;
      const allowance = refusal === null ? oncePerHour : oncePerMinute;
      const { granted, leftOut } = allowance.take(`${keyId}:${refusal}`, 1, clock.now());
      if (granted === 0) return;
      const data = { ...(refusal !== null && { reason: refusal }), ...(refusal !== null && leftOut > 0 && { leftOut }) };
      writeLater({ principal: holderOf(key), origin }, aboutKey(kindOf(refusal), keyId, data));
    },

    async settled() {
      await Promise.all(underWay);
    },

    async close() {
      leftOut.tell();
      await Promise.all(underWay);
    },
  };
}

const isTooMuch = ({ code }: Denial): boolean => code === 'RATE_LIMITED';

function counted(denials: readonly Denial[], leftOut: number, principal: Principal): AuditEvent[] {
  return denials.map(({ code, field, permission, reason }, index): AuditEvent => {
    const data = { code, field, permission, reason, ...(index === 0 && leftOut > 0 && { leftOut }) };
    const isKey = code === 'RATE_LIMITED' && principal.kind === 'apiKey';
    return isKey ? aboutKey(accessEvents.keyRateLimited, principal.credentialId, data) : { kind: accessEvents.denied, about: null, data };
  });
}

const aboutKey = (kind: AuditKind, keyId: string, data: JsonObject): AuditEvent => ({ kind, about: { type: 'ApiKey', id: keyId }, data });

function kindOf(refusal: string | null): AuditKind {
  if (refusal === null) return accessEvents.keyValidated;
  return refusal === 'API_KEY_EXPIRED' ? accessEvents.keyExpired : accessEvents.keyRejected;
}

/** Whom a key acts for, without any right: whoever presents it may be somebody else. */
function holderOf({ keyId, userId, orgId, membershipId }: PresentedKey): Principal {
  return {
    kind: 'apiKey',
    userId,
    systemRole: 'user',
    credentialId: keyId,
    tenant: { orgId, membershipId, role: null },
    permissions: new Set(),
    rateLimitPerHour: null,
    memberships: [],
  };
}
