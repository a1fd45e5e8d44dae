import { ValidationError } from '../../kernel/errors.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { endInvitations, endKeys } from '../endings/index.ts';
import { asVisitor, record } from '../events/index.ts';
import { type Mailing, organizationDeletedMail } from '../mails/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requirePerson } from '../require-person.ts';
import { requireOperator, requireStanding } from '../require-standing.ts';
import { requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import type { Namespace, ProvisioningEngine } from './engine.ts';
import { organizationEvents } from './events.ts';
import { lockOrganization } from './lock.ts';
import { type DeleteOrganizationInput, deleteOrganizationInput } from './organization.input.ts';
import { endOrganization, moveOrganization, type OrganizationStatus, refuseSystem } from './organization.rules.ts';
import { asOwner } from './owner.ts';
import { retireNamespace } from './retire.ts';

export interface DeleteDependencies extends Mailing {
  readonly engine: ProvisioningEngine;
  /** Told when the engine did not let go of a namespace: the sweep asks it again. */
  onEngineFailure(error: unknown, namespace: Namespace): void;
}

/** Which organization is to be deleted, and as whom. */
interface Deletion {
  readonly orgId: string;
  /** As whom it is written down. */
  readonly as: ServiceContext;
  /** Asked when the organization is locked. @throws ForbiddenError when the caller may not do it any more. */
  stillMay(tx: TenantTransaction): Promise<void>;
  /** @throws InvalidTransitionError */
  decide(from: OrganizationStatus): OrganizationStatus;
}

/** Deletes an organization: see the service. @throws ForbiddenError for an API key */
export async function deleteOrganization(
  cx: ServiceContext,
  { engine, onEngineFailure, mailer, mails }: DeleteDependencies,
  input: DeleteOrganizationInput,
): Promise<{ organizationId: string }> {
  requirePerson(cx);
  const { id, slug } = parseInput(deleteOrganizationInput, input);
  const deletion = id === undefined ? ofRequest(cx) : named(cx, requireUuid('Organization', id));
  const { orgId } = deletion;
  refuseSystem(orgId);
  return runInScope(createScope({ orgId, userId: cx.principal.userId }), async () => {
    const { keyIds, told, name, namespace } = await cx.db.$transaction((tx) => end(tx, deletion, slug));
    cx.accessChanged({ kind: 'org', id: orgId });
    for (const id of keyIds) cx.accessChanged({ kind: 'key', id });
    for (const { email } of told) mailer.send(organizationDeletedMail(mails, { to: email, organization: name, byOperator: deletion.as.principal.tenant?.role !== 'owner' }));
    // It is deleted, whatever comes of this: what is not noted now, the sweep does.
    await retireNamespace({ db: cx.db, clock: cx.clock, engine, onEngineFailure }, orgId).catch((error: unknown) => onEngineFailure(error, namespace));
    return { organizationId: orgId };
  });
}

function ofRequest(cx: ServiceContext): Deletion {
  const { orgId } = requireTenant(cx);
  requirePermission(cx, 'organization:delete');
  return { orgId, as: cx, stillMay: (tx) => requireStanding(tx, cx), decide: endOrganization };
}

/** Whoever names one need not be in it: into most of those that are to be deleted so, nobody gets. */
function named(cx: ServiceContext, orgId: string): Deletion {
  if (orgId === cx.principal.tenant?.orgId) return ofRequest(cx);
  if (cx.principal.permissions.has('platform:admin')) {
    const decide = (from: OrganizationStatus) => moveOrganization(from, 'deleted');
    return { orgId, as: asVisitor(cx), stillMay: (tx) => requireOperator(tx, cx), decide };
  }
  const owner = asOwner(cx, orgId);
  return { orgId, as: owner, stillMay: (tx) => requireStanding(tx, owner), decide: endOrganization };
}

interface Ended {
  readonly keyIds: readonly string[];
  /** Who is told by mail. */
  readonly told: readonly { readonly email: string }[];
  readonly name: string;
  readonly namespace: Namespace;
}

async function end(tx: TenantTransaction, { orgId, as, stillMay, decide }: Deletion, slug: string): Promise<Ended> {
  const now = as.clock.now();
  const organization = await lockOrganization(tx, orgId);
  await stillMay(tx);
  if (slug !== organization.slug) throw ValidationError.of('slug', 'must be the slug of this organization, to make sure which one is meant');
  const status = decide(organization.status);
  await tx.organization.updateMany({ where: { id: orgId }, data: { status, deletedAt: now } });
  const keys = await endKeys(tx, { orgId }, { now, reason: 'organization_deleted' });
  const invitationsEnded = await endInvitations(tx, { orgId }, { now, reason: 'organization_deleted' });
  await tx.$queryRaw`SELECT 1 FROM iam.end_sessions_of_deleted(${now}::timestamptz)`;
  const data = { before: { status: organization.status }, after: { status } };
  const deleted = { kind: organizationEvents.deleted, about: { type: 'Organization' as const, id: orgId }, data };
  await record(tx, as, deleted, ...keys.events, ...invitationsEnded);
  const where = { orgId, role: { in: ['admin' as const, 'owner' as const] }, status: 'active' as const };
  const told = await tx.membership.findMany({ where, select: { email: true } });
  return { keyIds: keys.keyIds, told, name: organization.name, namespace: { orgId, namespace: organization.engineNamespace } };
}
