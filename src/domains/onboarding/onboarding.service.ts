import { ConflictError, NotFoundError } from '../../kernel/errors.ts';
import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { createMint, type MintedKey, type MintSettings } from '../api-keys/index.ts';
import { isUniqueViolation, refuseDuplicate } from '../conflicts.ts';
import { asVisitor, record, type Recorded, recordOnce } from '../events/index.ts';
import { insertMember, memberAdded } from '../identity/index.ts';
import { type Mailing, newOrganizationMail } from '../mails/index.ts';
import {
  insertOrganization,
  lockOrganization,
  moveOrganization,
  type NewOrganization,
  ORGANIZATION_TAKEN,
  organizationCreated,
  organizationSlugFromName,
  slugWithTail,
} from '../organizations/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireOperator } from '../require-standing.ts';
import { requireUuid } from '../require-uuid.ts';
import type { ServiceContext } from '../service-context.ts';
import { onboardingEvents } from './events.ts';
import {
  type CreateOrganizationInput,
  createOrganizationInput,
  type RetryProvisioningInput,
  retryProvisioningInput,
} from './onboarding.input.ts';
import { newOrganizationId, ownerKeyIdOf } from './organization-id.ts';
import { provision, type ProvisionDependencies } from './provision.ts';
import { ProvisioningFailedError } from './provisioning-failed.ts';
import { settle } from './settle.ts';

/** A new organization with its owner and the owner's first key. */
export interface CreatedOrganization {
  readonly organizationId: string;
  readonly memberId: string;
  readonly apiKeyId: string;
  /** Known at this moment only; null when the key was shown by an earlier answer. */
  readonly secret: string | null;
  readonly replayed: boolean;
}

export interface OnboardingService {
  /**
   * Creates an organization that can be used at once. A platform act. A repetition carries on with what an interrupted
   * one has left.
   *
   * @throws ProvisioningFailedError when the engine is not ready: the organization is there, and waits for `retryProvisioning`.
   */
  createOrganization(cx: ServiceContext, input: CreateOrganizationInput): Promise<CreatedOrganization>;
  /** Tries the provisioning anew that has failed. A platform act. @throws ProvisioningFailedError, again */
  retryProvisioning(cx: ServiceContext, input: RetryProvisioningInput): Promise<CreatedOrganization>;
}

export interface OnboardingDependencies extends MintSettings, Mailing {
  readonly preTenant: Pick<PreTenantDatabase, 'ensureIdentity'>;
  readonly provisioning: ProvisionDependencies;
}

export function createOnboardingService(dependencies: OnboardingDependencies): OnboardingService {
  const { preTenant } = dependencies;
  const mint = createMint(dependencies);
  const finish: Finish = (cx, orgId) => finishProvisioning(cx, { ...dependencies, mint }, orgId);
  return {
    createOrganization: (cx, input) => createOrganization(cx, preTenant, finish, input),
    retryProvisioning: (cx, input) => retryProvisioning(cx, finish, input),
  };
}

/** Carries on with an organization that was made: answers the secret of the owner's key, if it is made here. */
type Finish = (cx: ServiceContext, orgId: string) => Promise<string | null>;

interface Founding {
  readonly organization: NewOrganization;
  readonly owner: { readonly userId: string; readonly email: string; readonly name: string | null };
  readonly now: Date;
}

async function createOrganization(
  cx: ServiceContext,
  preTenant: OnboardingDependencies['preTenant'],
  finish: Finish,
  input: CreateOrganizationInput,
): Promise<CreatedOrganization> {
  requirePermission(cx, 'platform:admin');
  const { idempotencyKey, ...fields } = parseInput(createOrganizationInput, input);
  const { name, slug, plan = 'free', adminEmail: email, adminName = null } = fields;
  const now = cx.clock.now();
  const id = newOrganizationId(cx.principal.userId, idempotencyKey, now);
  const owner = { userId: await preTenant.ensureIdentity(email, null), email, name: adminName };
  const organization = { id, name, slug: slug ?? organizationSlugFromName(name, id), plan, status: 'provisioning' as const };
  const request = {
    orgId: id,
    userId: cx.principal.userId,
    operation: 'createOrganization',
    key: idempotencyKey,
    input: fields,
    now,
  };
  const attempt = (candidate: Founding) =>
    inOrganization(cx, id, () => cx.db.$transaction((tx) => recordOnce(tx, asVisitor(cx), request, () => found(tx, cx, candidate))));
  const { result, replayed } = await refuseDuplicate(ORGANIZATION_TAKEN, () =>
    attempt({ organization, owner, now }).catch((error: unknown) => {
      if (slug !== undefined || !isUniqueViolation(error)) throw error;
      // Perhaps only the slug that was made up is taken; if it is the name, the second attempt fails as well.
      return attempt({ organization: { ...organization, slug: slugWithTail(organization.slug, id) }, owner, now });
    }),
  );
  const secret = await finish(cx, id);
  cx.accessChanged({ kind: 'user', id: owner.userId });
  return { organizationId: id, memberId: result.memberId, apiKeyId: ownerKeyIdOf(id), secret, replayed };
}

/** Writes the organization and its owner, in the organization's own scope. Nobody gets in yet. */
async function found(tx: TenantTransaction, cx: ServiceContext, { organization, owner, now }: Founding): Promise<Recorded<{ memberId: string }>> {
  await requireOperator(tx, cx);
  await insertOrganization(tx, organization);
  const memberId = await insertMember(tx, { orgId: organization.id, ...owner, role: 'owner', joinedAt: now });
  return { result: { memberId }, events: [organizationCreated(organization), memberAdded(memberId, 'owner', false)] };
}

async function retryProvisioning(
  cx: ServiceContext,
  finish: Finish,
  input: RetryProvisioningInput,
): Promise<CreatedOrganization> {
  requirePermission(cx, 'platform:admin');
  const orgId = requireUuid('Organization', parseInput(retryProvisioningInput, input).id);
  const memberId = await inOrganization(cx, orgId, async () => {
    await cx.db.$transaction(async (tx) => {
      const { status } = await lockOrganization(tx, orgId);
      await requireOperator(tx, cx);
      await tx.organization.updateMany({ where: { id: orgId }, data: { status: moveOrganization(status, 'provisioning'), statusReason: null } });
      await record(tx, asVisitor(cx), { kind: onboardingEvents.retried, about: { type: 'Organization', id: orgId } });
    });
    const where = { orgId, role: 'owner' as const, leftAt: null };
    const owner = await cx.db.membership.findFirst({ where, select: { id: true } });
    if (owner === null) throw new NotFoundError('Organization');
    return owner.id;
  });
  const secret = await finish(cx, orgId);
  return { organizationId: orgId, memberId, apiKeyId: ownerKeyIdOf(orgId), secret, replayed: false };
}

interface Finishing extends Mailing {
  readonly provisioning: ProvisionDependencies;
  mint(orgId: string): Promise<MintedKey>;
}

async function finishProvisioning(cx: ServiceContext, { provisioning, mint, mailer, mails }: Finishing, orgId: string): Promise<string | null> {
  return inOrganization(cx, orgId, async () => {
    const select = { name: true, engineNamespace: true, status: true };
    const organization = await cx.db.organization.findFirst({ where: { id: orgId }, select });
    // Before anything is made: a failure after it would cost the secret that is answered once.
    const owner = await cx.db.membership.findFirst({ where: { orgId, role: 'owner', leftAt: null }, select: { email: true } });
    const keyThere = await cx.db.apiKey.findFirst({ where: { orgId, id: ownerKeyIdOf(orgId) }, select: { id: true } });
    if (organization === null) throw new NotFoundError('Organization');
    if (organization.status === 'provisioning_failed') throw new ProvisioningFailedError(orgId);
    // An answer that was lost is given again: the key was shown to nobody, unless it is there.
    if (keyThere !== null && organization.status !== 'provisioning') return null;
    const isReady = organization.status !== 'provisioning' || (await provision(provisioning, { orgId, namespace: organization.engineNamespace }));
    const minted = isReady ? await mint(orgId) : null;
    const outcome = await settle({ ...asVisitor(cx), now: cx.clock.now() }, orgId, { isReady, minted });
    cx.accessChanged({ kind: 'org', id: orgId });
    if (outcome.status === 'provisioning_failed') throw new ProvisioningFailedError(orgId);
    if (outcome.status === 'deleted') throw new ConflictError('The organization was deleted: create it anew, with another idempotencyKey.');
    if (outcome.hasMadeKey && owner !== null) mailer.send(newOrganizationMail(mails, { to: owner.email, organization: organization.name }));
    return outcome.hasMadeKey ? (minted?.secret ?? null) : null;
  });
}

const inOrganization = <Result>(cx: ServiceContext, orgId: string, work: () => Promise<Result>): Promise<Result> =>
  runInScope(createScope({ orgId, userId: cx.principal.userId }), work);
