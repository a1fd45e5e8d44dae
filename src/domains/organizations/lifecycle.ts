import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { changesOf, record } from '../events/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requirePerson } from '../require-person.ts';
import { requireStanding } from '../require-standing.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { deleteOrganization, type DeleteDependencies } from './delete.ts';
import { organizationEvents } from './events.ts';
import { lockOrganization } from './lock.ts';
import {
  type DeactivateOrganizationInput,
  deactivateOrganizationInput,
  type DeleteOrganizationInput,
  type ReactivateOrganizationInput,
  reactivateOrganizationInput,
} from './organization.input.ts';
import { moveOrganization, refuseSystem, wakeOrganization } from './organization.rules.ts';
import { asOwner } from './owner.ts';

/** What the owner of an organization may do with it as a whole, and an operator at its end. */
export interface LifecycleService {
  /** Closes the caller's own organization for now: nobody gets in, and everything stays as it is. */
  deactivate(cx: ServiceContext, input: DeactivateOrganizationInput): Promise<{ organizationId: string }>;
  /** Opens it again, for its owner alone: to everybody else it is not there. */
  reactivate(cx: ServiceContext, input: ReactivateOrganizationInput): Promise<{ organizationId: string }>;
  /**
   * Deletes the caller's own organization, also one that nobody gets into; as a platform act any other. Its keys and
   * invitations end, who belongs nowhere else is signed out, and its name and slug are free again. Its rows stay.
   */
  remove(cx: ServiceContext, input: DeleteOrganizationInput): Promise<{ organizationId: string }>;
}

export type LifecycleDependencies = DeleteDependencies;

export function createLifecycleService(dependencies: LifecycleDependencies): LifecycleService {
  return { deactivate, reactivate, remove: (cx, input) => deleteOrganization(cx, dependencies, input) };
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
  // It is no organization to work in yet, so the request is in none, or in another one.
  const inside = asOwner(cx, orgId);
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
