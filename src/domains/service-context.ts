import type { Clock } from '../kernel/clock.ts';
import type { Origin } from '../kernel/origin.ts';
import { noTenant, type Principal, type Tenant } from '../kernel/principal.ts';
import type { TenantClient, TenantTransaction } from '../platform/postgres/tenant-client.ts';
import type { JsonObject } from './json-limits.ts';

/** What may have changed about who can come in; the id is that of the row. */
export type AccessChange = { readonly kind: 'key' | 'user' | 'org' | 'session'; readonly id: string };

/** What of the event store a use case needs to know to have something written down: see `record` of the events. */
export interface EventLog {
  append(
    cx: { readonly db: TenantClient | TenantTransaction; readonly principal: Principal | null; readonly origin?: Origin },
    events: readonly {
      readonly type: string;
      readonly data?: JsonObject;
      readonly tags?: readonly string[];
      readonly aggregate?: { readonly type: string; readonly id: string } | null;
    }[],
  ): Promise<unknown>;
}

/** What every use case of a domain is given: who asks, from where, and with what. */
export interface ServiceContext {
  readonly principal: Principal;
  /** Where it was asked from: written beside everything that is recorded of it. */
  readonly origin: Origin;
  readonly events: EventLog;
  readonly db: TenantClient;
  readonly clock: Clock;
  /**
   * Forgets what this process remembers about a credential. Called after the commit and before the answer, so that the
   * very next request sees the change; other processes hear of it from the database.
   */
  accessChanged(change: AccessChange): void;
}

/** The organization that the caller works in. Throws TENANT_CONTEXT_REQUIRED when none was chosen. */
export function requireTenant(cx: ServiceContext): Tenant {
  if (!cx.principal.tenant) throw noTenant(cx.principal);
  return cx.principal.tenant;
}
