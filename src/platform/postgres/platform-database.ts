import { ForbiddenError } from '../../kernel/errors.ts';
import { type DatabasePool, detailOfState } from './adapter/index.ts';
import { readRecords } from './adapter/records.ts';
import type { OrganizationStatus, Plan } from './generated/client/client.ts';

/** An organization as an operator sees it from outside: nothing that its members have put in. */
export interface SeenOrganization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly status: OrganizationStatus;
  readonly statusReason: string | null;
  readonly plan: Plan;
  /** The active ones. */
  readonly members: number;
  readonly createdAt: Date;
}

/** What an organization has used. */
export interface SeenUsage {
  readonly id: string;
  readonly name: string;
  /** Root fields that its API keys have asked for in the month. */
  readonly requests: number;
  /** Now, and only the active ones. */
  readonly members: number;
  /** All that were ever recorded. */
  readonly events: number;
}

export interface SeenTotal {
  readonly status: OrganizationStatus;
  readonly organizations: number;
}

/**
 * What may be seen across organizations: the functions of the platform's role and nothing else. Each asks the database
 * itself whether the person of the statement is an active super administrator.
 *
 * @throws ForbiddenError by each, for anybody else.
 */
export interface PlatformDatabase {
  /** The newest first, after the one that is named. */
  listOrganizations(userId: string, page: { status: OrganizationStatus | null; after: { createdAt: Date; id: string } | null; limit: number }): Promise<SeenOrganization[]>;
  /** By id, after the one that is named. @param page.period the first day of a month, as `2026-01-01`. */
  listUsage(userId: string, page: { period: string; after: string | null; limit: number }): Promise<SeenUsage[]>;
  countOrganizations(userId: string): Promise<SeenTotal[]>;
}

/** What the functions say of somebody who is no operator. */
const NO_OPERATOR = 'TN003';

export function createPlatformDatabase(pool: DatabasePool): PlatformDatabase {
  const ask = async (userId: string, text: string, ...values: unknown[]): Promise<Record<string, unknown>[]> => {
    try {
      return await readRecords(pool, [pool.scopeStep({ orgId: null, userId }), { text, values }]);
    } catch (error) {
      if (detailOfState(error, NO_OPERATOR) !== null) throw new ForbiddenError(undefined, { permission: 'platform:admin' });
      throw error;
    }
  };
  const numbers = <Row>(records: Record<string, unknown>[], ...names: string[]): Row[] =>
    records.map((record) => ({ ...record, ...Object.fromEntries(names.map((name) => [name, Number(record[name])])) }) as Row);

  return {
    async listOrganizations(userId, { status, after, limit }) {
      const text = 'SELECT * FROM platform.list_organizations($1::text, $2::timestamptz, $3::uuid, $4::integer)';
      return numbers(await ask(userId, text, status, after?.createdAt ?? null, after?.id ?? null, limit), 'members');
    },
    async listUsage(userId, { period, after, limit }) {
      const text = 'SELECT * FROM platform.list_usage($1::date, $2::uuid, $3::integer)';
      return numbers(await ask(userId, text, period, after, limit), 'requests', 'members', 'events');
    },
    async countOrganizations(userId) {
      return numbers(await ask(userId, 'SELECT * FROM platform.count_organizations()'), 'organizations');
    },
  };
}
