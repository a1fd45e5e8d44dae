import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import type { JsonObject } from '../json-limits.ts';
import { notFound } from '../require-uuid.ts';
import type { OrganizationStatus } from './organization.rules.ts';

/** What of an organization a change has to know. */
export type LockedOrganization = {
  readonly name: string;
  readonly slug: string;
  readonly description: string | null;
  readonly website: string | null;
  readonly contactEmail: string | null;
  readonly timezone: string;
  readonly locale: string;
  readonly settings: JsonObject;
  readonly requireSecondFactor: boolean;
  readonly status: OrganizationStatus;
  readonly statusReason: string | null;
  readonly engineNamespace: string;
};

/** The organization, unchanged until the transaction ends. Whoever changes who belongs to it locks it before any member. */
export async function lockOrganization(tx: TenantTransaction, id: string): Promise<LockedOrganization> {
  await tx.$queryRaw`SELECT id FROM iam.organizations WHERE id = ${id}::uuid FOR NO KEY UPDATE`;
  const select = {
    name: true,
    slug: true,
    description: true,
    website: true,
    contactEmail: true,
    timezone: true,
    locale: true,
    settings: true,
    requireSecondFactor: true,
    status: true,
    statusReason: true,
    engineNamespace: true,
  };
  const organization = await tx.organization.findFirst({ where: { id }, select });
  if (organization === null) throw notFound('Organization');
  return { ...organization, settings: organization.settings as JsonObject };
}
