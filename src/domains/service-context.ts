import type { Clock } from '../kernel/clock.ts';
import { TenantContextError } from '../kernel/errors.ts';
import type { Principal, Tenant } from '../kernel/principal.ts';
import type { TenantClient } from '../platform/postgres/tenant-client.ts';

/** What may have changed about who can come in; the id is that of the row. */
export type AccessChange = { readonly kind: 'key' | 'user' | 'org' | 'session'; readonly id: string };

/** What every use case of a domain is given: who asks, and with what. */
export interface ServiceContext {
  readonly principal: Principal;
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
  if (!cx.principal.tenant) throw new TenantContextError();
  return cx.principal.tenant;
}
