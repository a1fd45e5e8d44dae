import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { createMint, insertApiKey, keyCreated, type MintedKey, type MintSettings } from '../api-keys/index.ts';
import { isUniqueViolation, refuseDuplicate } from '../conflicts.ts';
import { asVisitor, type Recorded, recordOnce } from '../events/index.ts';
import { insertMember, memberAdded } from '../identity/index.ts';
import {
  insertOrganization,
  moveOrganization,
  type NewOrganization,
  ORGANIZATION_TAKEN,
  organizationCreated,
  slugFromName,
  slugWithTail,
} from '../organizations/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import type { ServiceContext } from '../service-context.ts';
import { type CreateOrganizationInput, createOrganizationInput } from './onboarding.input.ts';
import { newOrganizationId } from './organization-id.ts';

/** A new organization with its owner and the owner's first key. */
export interface CreatedOrganization {
  readonly organizationId: string;
  readonly memberId: string;
  readonly apiKeyId: string;
  /** Known at this moment only; null when the answer is that of an earlier, equal request. */
  readonly secret: string | null;
  readonly replayed: boolean;
}

export interface OnboardingService {
  /** Creates an organization that can be used at once. A platform act. */
  createOrganization(cx: ServiceContext, input: CreateOrganizationInput): Promise<CreatedOrganization>;
}

export interface OnboardingDependencies extends MintSettings {
  readonly preTenant: Pick<PreTenantDatabase, 'ensureIdentity'>;
}

export function createOnboardingService(dependencies: OnboardingDependencies): OnboardingService {
  const mint = createMint(dependencies);
  return { createOrganization: (cx, input) => createOrganization(cx, dependencies.preTenant, mint, input) };
}

interface Founding {
  readonly organization: NewOrganization;
  readonly owner: { readonly userId: string; readonly email: string; readonly name: string | null };
  readonly minted: MintedKey;
  readonly now: Date;
}

async function createOrganization(
  cx: ServiceContext,
  preTenant: OnboardingDependencies['preTenant'],
  mint: () => Promise<MintedKey>,
  input: CreateOrganizationInput,
): Promise<CreatedOrganization> {
  requirePermission(cx, 'platform:admin');
  const { idempotencyKey, ...fields } = parseInput(createOrganizationInput, input);
  const { name, slug, plan = 'free', adminEmail: email, adminName = null } = fields;
  const now = cx.clock.now();
  const id = newOrganizationId(cx.principal.userId, idempotencyKey, now);
  const owner = { userId: await preTenant.ensureIdentity(email, null), email, name: adminName };
  const status = moveOrganization('provisioning', 'active');
  const organization = { id, name, slug: slug ?? slugFromName(name, 'organization'), plan, status };
  const founding = { organization, owner, minted: await mint(), now };
  const request = {
    orgId: id,
    userId: cx.principal.userId,
    operation: 'createOrganization',
    key: idempotencyKey,
    input: fields,
    now,
  };
  const attempt = (candidate: Founding) =>
    runInScope(createScope({ orgId: id, userId: cx.principal.userId }), () =>
      cx.db.$transaction((tx) => recordOnce(tx, asVisitor(cx), request, () => found(tx, candidate))),
    );
  const { result, replayed } = await refuseDuplicate(ORGANIZATION_TAKEN, () =>
    attempt(founding).catch((error: unknown) => {
      if (slug !== undefined || !isUniqueViolation(error)) throw error;
      // Perhaps only the slug that was made up is taken; if it is the name, the second attempt fails as well.
      return attempt({ ...founding, organization: { ...organization, slug: slugWithTail(organization.slug, id) } });
    }),
  );
  cx.accessChanged({ kind: 'user', id: owner.userId });
  return { organizationId: id, ...result, secret: replayed ? null : founding.minted.secret, replayed };
}

/** Writes the organization, its owner and the owner's key, in the organization's own scope. */
async function found(
  tx: TenantTransaction,
  { organization, owner, minted, now }: Founding,
): Promise<Recorded<{ memberId: string; apiKeyId: string }>> {
  const orgId = organization.id;
  const { userId } = owner;
  await insertOrganization(tx, organization);
  const memberId = await insertMember(tx, { orgId, ...owner, role: 'owner', joinedAt: now });
  const key = { orgId, userId, name: 'Owner key', scopes: ['*'], issuedById: null };
  const apiKeyId = await insertApiKey(tx, key, minted);
  const events = [organizationCreated(organization), memberAdded(memberId, 'owner', false), keyCreated(apiKeyId, memberId, key)];
  return { result: { memberId, apiKeyId }, events };
}
