import { ValidationError } from '../../kernel/errors.ts';
import type { PlatformDatabase, SeenOrganization, SeenTotal, SeenUsage } from '../../platform/postgres/platform-database.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { asVisitor, toNewEvent } from '../events/index.ts';
import { SYSTEM_ORGANIZATION_ID } from '../organizations/index.ts';
import type { JsonObject } from '../json-limits.ts';
import type { ServiceContext } from '../service-context.ts';
import { platformEvents } from './events.ts';

export type { SeenOrganization, SeenTotal, SeenUsage } from '../../platform/postgres/platform-database.ts';

export interface OrganizationsAsked {
  readonly status: SeenOrganization['status'] | null;
  readonly after: { readonly createdAt: Date; readonly id: string } | null;
  readonly limit: number;
}

export interface UsageAsked {
  /** A month of UTC as `2026-01`; this one when it is null. */
  readonly month: string | null;
  /** The id of an organization. */
  readonly after: string | null;
  readonly limit: number;
}

/**
 * What operators of the platform see across organizations. That they have looked is written in the platform's own log
 * before they are shown anything.
 *
 * @throws ForbiddenError by each, for whoever is no active super administrator; the database asks that itself.
 */
export interface PlatformService {
  organizations(cx: ServiceContext, asked: OrganizationsAsked): Promise<SeenOrganization[]>;
  /** @throws ValidationError for what is no month. */
  usage(cx: ServiceContext, asked: UsageAsked): Promise<SeenUsage[]>;
  totals(cx: ServiceContext): Promise<SeenTotal[]>;
}

const MONTH = /^\d{4}-(0[1-9]|1[0-2])$/;

export function createPlatformService({ platformDb }: { readonly platformDb: PlatformDatabase }): PlatformService {
  return {
    async organizations(cx, { status, after, limit }) {
      // Asked first: who may not see is not written down as one who has seen.
      const rows = await platformDb.listOrganizations(cx.principal.userId, { status, after, limit });
      await recordRead(cx, { what: 'organizations', status, after: after?.id ?? null });
      return rows;
    },
    async usage(cx, { month: asked, after, limit }) {
      const month = asked ?? cx.clock.now().toISOString().slice(0, 7);
      if (!MONTH.test(month)) throw ValidationError.of('month', 'must be a month such as 2026-01');
      const rows = await platformDb.listUsage(cx.principal.userId, { period: `${month}-01`, after, limit });
      await recordRead(cx, { what: 'usage', month, after });
      return rows;
    },
    async totals(cx) {
      const totals = await platformDb.countOrganizations(cx.principal.userId);
      await recordRead(cx, { what: 'totals' });
      return totals;
    },
  };
}

/** In the log of the platform's own organization, whichever the operator works in. */
async function recordRead(cx: ServiceContext, data: JsonObject): Promise<void> {
  const { principal, origin } = asVisitor(cx);
  const event = toNewEvent(principal, { kind: platformEvents.read, about: null, data });
  await runInScope(createScope({ orgId: SYSTEM_ORGANIZATION_ID, userId: null }), () => cx.events.append({ db: cx.db, principal, origin }, [event]));
}
