import { ConflictError } from '../../kernel/errors.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { asVisitor, type AuditKind, changesOf, record } from '../events/index.ts';
import { given } from '../given.ts';
import { requireJsonObject } from '../json-limits.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireOperator, requireStanding } from '../require-standing.ts';
import { requireStepUp } from '../require-step-up.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { changesOfProfile, organizationEvents } from './events.ts';
import { lockOrganization } from './lock.ts';
import {
  type ActivateOrganizationInput,
  activateOrganizationInput,
  type SuspendOrganizationInput,
  suspendOrganizationInput,
  type UpdateOrganizationInput,
  updateOrganizationInput,
} from './organization.input.ts';
import {
  engineNamespace,
  moveOrganization,
  type OrganizationStatus,
  reactivateOrganization,
  SYSTEM_ORGANIZATION_ID,
} from './organization.rules.ts';

export interface OrganizationService {
  /** Changes the caller's own organization. */
  update(cx: ServiceContext, input: UpdateOrganizationInput): Promise<{ organizationId: string }>;
  /** Locks everybody of an organization out, until it is activated again. A platform act. */
  suspend(cx: ServiceContext, input: SuspendOrganizationInput): Promise<{ organizationId: string }>;
  /** Lets a suspended or inactive organization in again. A platform act. */
  activate(cx: ServiceContext, input: ActivateOrganizationInput): Promise<{ organizationId: string }>;
}

/** What an organization may keep as its settings: enough for preferences, too little for data. */
const LARGEST_SETTINGS_BYTES = 16 * 1024;

export const ORGANIZATION_TAKEN = 'An organization with this name or slug exists already.';

export function createOrganizationService(): OrganizationService {
  return { update, suspend, activate };
}

async function update(cx: ServiceContext, input: UpdateOrganizationInput): Promise<{ organizationId: string }> {
  requirePermission(cx, 'organization:write');
  const { orgId } = requireTenant(cx);
  const { settings: newSettings, ...fields } = given(parseInput(updateOrganizationInput, input));
  const settings = newSettings === undefined ? {} : { settings: requireJsonObject(newSettings, 'settings', LARGEST_SETTINGS_BYTES) };
  if (fields.requireSecondFactor !== undefined) requireOwnSecondFactor(cx, fields.requireSecondFactor);
  await refuseDuplicate(ORGANIZATION_TAKEN, () =>
    cx.db.$transaction(async (tx) => {
      const before = await lockOrganization(tx, orgId);
      await requireStanding(tx, cx);
      const data = changesOfProfile(before, { ...fields, ...settings });
      if (data === null) return;
      await tx.organization.updateMany({ where: { id: orgId }, data: { ...fields, ...settings } });
      await record(tx, cx, { kind: organizationEvents.updated, about: { type: 'Organization', id: orgId }, data });
    }),
  );
  // Sessions remember the name of each organization that the person may choose.
  cx.accessChanged({ kind: 'org', id: orgId });
  return { organizationId: orgId };
}

/** Whoever has others show a second factor shows one, and whoever lets them in without has just proved to be there. */
function requireOwnSecondFactor(cx: ServiceContext, isRequired: boolean): void {
  requireStepUp(cx);
  if (isRequired && !cx.principal.secondFactorAt) {
    throw new ConflictError('You would shut yourself out: set up a second factor and sign in with it first.');
  }
}

async function suspend(cx: ServiceContext, input: SuspendOrganizationInput): Promise<{ organizationId: string }> {
  requirePermission(cx, 'platform:admin');
  const { id, reason } = parseInput(suspendOrganizationInput, input);
  const orgId = requireUuid('Organization', id);
  return changeStatus(cx, orgId, {
    statusReason: reason ?? null,
    kind: organizationEvents.suspended,
    decide(from) {
      if (orgId === SYSTEM_ORGANIZATION_ID) throw new ConflictError('The system organization cannot be suspended.');
      return moveOrganization(from, 'suspended');
    },
  });
}

async function activate(cx: ServiceContext, input: ActivateOrganizationInput): Promise<{ organizationId: string }> {
  requirePermission(cx, 'platform:admin');
  const { id } = parseInput(activateOrganizationInput, input);
  const kind = organizationEvents.activated;
  return changeStatus(cx, requireUuid('Organization', id), { statusReason: null, kind, decide: reactivateOrganization });
}

interface Move {
  readonly statusReason: string | null;
  readonly kind: AuditKind;
  decide(from: OrganizationStatus): OrganizationStatus;
}

/** Moves an organization that need not be the caller's own: in the scope of that organization. */
async function changeStatus(
  cx: ServiceContext,
  orgId: string,
  { statusReason, kind, decide }: Move,
): Promise<{ organizationId: string }> {
  const scope = createScope({ orgId, userId: cx.principal.userId });
  await runInScope(scope, () =>
    cx.db.$transaction(async (tx) => {
      const organization = await lockOrganization(tx, orgId);
      await requireOperator(tx, cx);
      const after = { status: decide(organization.status), statusReason };
      await tx.organization.updateMany({ where: { id: orgId }, data: after });
      const data = changesOf(organization, after) ?? {};
      await record(tx, asVisitor(cx), { kind, about: { type: 'Organization', id: orgId }, data });
    }),
  );
  cx.accessChanged({ kind: 'org', id: orgId });
  return { organizationId: orgId };
}

/** What a new organization is made of. */
export interface NewOrganization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly plan: 'free' | 'pro' | 'enterprise';
  readonly status: OrganizationStatus;
  readonly isSystem?: boolean;
}

/** Writes a new organization; the transaction must be in its scope. A taken name or slug is a unique violation. */
export async function insertOrganization(tx: TenantTransaction, organization: NewOrganization): Promise<void> {
  const { id, slug } = organization;
  await tx.organization.createMany({ data: [{ ...organization, engineNamespace: engineNamespace(slug, id) }] });
}
