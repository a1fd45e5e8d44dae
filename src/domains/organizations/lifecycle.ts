import { ConflictError, ValidationError } from '../../kernel/errors.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { changesOf, record } from '../events/index.ts';
import { type Mailing, organizationDeletedMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requirePerson } from '../require-person.ts';
import { requireStanding } from '../require-standing.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import { SecondFactorRequiredError } from '../second-factor-required.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import type { Namespace, ProvisioningEngine } from './engine.ts';
import { invitationEnded, keyEnded, organizationEvents } from './events.ts';
import { lockOrganization } from './lock.ts';
import {
  type DeactivateOrganizationInput,
  deactivateOrganizationInput,
  type DeleteOrganizationInput,
  deleteOrganizationInput,
  type ReactivateOrganizationInput,
  reactivateOrganizationInput,
} from './organization.input.ts';
import { moveOrganization, SYSTEM_ORGANIZATION_ID, wakeOrganization } from './organization.rules.ts';
import { retireNamespace } from './retire.ts';

/** What the owner of an organization may do with it as a whole. */
export interface LifecycleService {
  /** Closes the caller's own organization for now: nobody gets in, and everything stays as it is. */
  deactivate(cx: ServiceContext, input: DeactivateOrganizationInput): Promise<{ organizationId: string }>;
  /** Opens it again, for its owner alone: to everybody else it is not there. */
  reactivate(cx: ServiceContext, input: ReactivateOrganizationInput): Promise<{ organizationId: string }>;
  /**
   * Deletes the caller's own organization: its keys and invitations end, who belongs nowhere else is signed out, and its
   * name and slug are free again. Its rows stay.
   */
  remove(cx: ServiceContext, input: DeleteOrganizationInput): Promise<{ organizationId: string }>;
}

export interface LifecycleDependencies extends Mailing {
  readonly engine: ProvisioningEngine;
  /** Told when the engine did not let go of a namespace: the sweep asks it again. */
  onEngineFailure(error: unknown, namespace: Namespace): void;
}

export function createLifecycleService(dependencies: LifecycleDependencies): LifecycleService {
  return { deactivate, reactivate, remove: (cx, input) => remove(cx, dependencies, input) };
}

function refuseSystem(orgId: string): void {
  if (orgId === SYSTEM_ORGANIZATION_ID) throw new ConflictError('The system organization is always there.');
}

async function deactivate(cx: ServiceContext, input: DeactivateOrganizationInput): Promise<{ organizationId: string }> {
  requirePermission(cx, 'organization:delete');
  const { orgId } = requireTenant(cx);
  const statusReason = parseInput(deactivateOrganizationInput, input).reason ?? null;
  refuseSystem(orgId);
  await cx.db.$transaction(async (tx) => {
    const organization = await lockOrganization(tx, orgId);
    await requireStanding(tx, cx);
    const after = { status: moveOrganization(organization.status, 'inactive'), statusReason };
    await tx.organization.updateMany({ where: { id: orgId }, data: after });
    const data = changesOf(organization, after) ?? {};
    await record(tx, cx, { kind: organizationEvents.deactivated, about: { type: 'Organization', id: orgId }, data });
  });
  cx.accessChanged({ kind: 'org', id: orgId });
  return { organizationId: orgId };
}

async function reactivate(cx: ServiceContext, input: ReactivateOrganizationInput): Promise<{ organizationId: string }> {
  requirePerson(cx);
  const orgId = requireUuid('Organization', parseInput(reactivateOrganizationInput, input).id);
  const membership = cx.principal.memberships.find((each) => each.orgId === orgId);
  if (membership?.role !== 'owner') throw notFound('Organization');
  // It is no organization to work in yet, so the request is in none, or in another one.
  const tenant = { orgId, membershipId: membership.membershipId, role: membership.role };
  if (membership.requiresSecondFactor && !cx.principal.secondFactorAt) throw new SecondFactorRequiredError(tenant);
  const inside = { ...cx, principal: { ...cx.principal, tenant } };
  await runInScope(createScope({ orgId, userId: cx.principal.userId }), () =>
    cx.db.$transaction(async (tx) => {
      const organization = await lockOrganization(tx, orgId);
      await requireStanding(tx, inside);
      const after = { status: wakeOrganization(organization.status), statusReason: null };
      await tx.organization.updateMany({ where: { id: orgId }, data: after });
      const data = changesOf(organization, after) ?? {};
      await record(tx, inside, { kind: organizationEvents.reactivated, about: { type: 'Organization', id: orgId }, data });
    }),
  );
  cx.accessChanged({ kind: 'org', id: orgId });
  return { organizationId: orgId };
}

async function remove(
  cx: ServiceContext,
  { engine, onEngineFailure, mailer, mails }: LifecycleDependencies,
  input: DeleteOrganizationInput,
): Promise<{ organizationId: string }> {
  requirePermission(cx, 'organization:delete');
  const { orgId } = requireTenant(cx);
  const { slug } = parseInput(deleteOrganizationInput, input);
  refuseSystem(orgId);
  const now = cx.clock.now();
  const { keyIds, told, name, namespace } = await cx.db.$transaction(async (tx) => {
    const organization = await lockOrganization(tx, orgId);
    await requireStanding(tx, cx);
    if (slug !== organization.slug) throw ValidationError.of('slug', 'must be the slug of this organization, to make sure which one is meant');
    const status = moveOrganization(organization.status, 'deleted');
    await tx.organization.updateMany({ where: { id: orgId }, data: { status, deletedAt: now } });
    const keyIds = await endKeys(tx, orgId, now);
    const invitationIds = await endInvitations(tx, orgId, now);
    await tx.$queryRaw`SELECT 1 FROM iam.end_sessions_of_deleted(${now}::timestamptz)`;
    const data = { before: { status: organization.status }, after: { status } };
    const deleted = { kind: organizationEvents.deleted, about: { type: 'Organization' as const, id: orgId }, data };
    await record(tx, cx, deleted, ...keyIds.map(keyEnded), ...invitationIds.map(invitationEnded));
    const where = { orgId, role: { in: ['admin' as const, 'owner' as const] }, status: 'active' as const };
    const told = await tx.membership.findMany({ where, select: { email: true } });
    return { keyIds, told, name: organization.name, namespace: { orgId, namespace: organization.engineNamespace } };
  });
  cx.accessChanged({ kind: 'org', id: orgId });
  for (const id of keyIds) cx.accessChanged({ kind: 'key', id });
  for (const { email } of told) mailer.send(organizationDeletedMail(mails, { to: email, organization: name }));
  // It is deleted, whatever comes of this: what is not noted now, the sweep does.
  await retireNamespace({ db: cx.db, clock: cx.clock, engine, onEngineFailure }, orgId).catch((error: unknown) => onEngineFailure(error, namespace));
  return { organizationId: orgId };
}

async function endKeys(tx: TenantTransaction, orgId: string, now: Date): Promise<string[]> {
  const where = { orgId, status: 'active' as const };
  const keys = await tx.apiKey.findMany({ where, select: { id: true } });
  await tx.apiKey.updateMany({ where, data: { status: 'revoked', revokedAt: now, revokedReason: 'organization_deleted' } });
  return keys.map(({ id }) => id);
}

async function endInvitations(tx: TenantTransaction, orgId: string, now: Date): Promise<string[]> {
  const where = { orgId, acceptedAt: null, revokedAt: null };
  const invitations = await tx.invitation.findMany({ where, select: { id: true } });
  await tx.invitation.updateMany({ where, data: { revokedAt: now } });
  return invitations.map(({ id }) => id);
}
