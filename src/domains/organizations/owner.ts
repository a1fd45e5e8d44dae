import { notFound } from '../require-uuid.ts';
import { SecondFactorRequiredError } from '../second-factor-required.ts';
import type { ServiceContext } from '../service-context.ts';

/**
 * The caller as the owner of an organization that the request is not in, for instance because nobody gets into it.
 *
 * @throws NotFoundError for everybody else, SecondFactorRequiredError when the organization asks for one.
 */
export function asOwner(cx: ServiceContext, orgId: string): ServiceContext {
  const membership = cx.principal.memberships.find((each) => each.orgId === orgId);
  if (membership?.role !== 'owner') throw notFound('Organization');
  const tenant = { orgId, membershipId: membership.membershipId, role: membership.role };
  if (membership.requiresSecondFactor && !cx.principal.secondFactorAt) throw new SecondFactorRequiredError(tenant);
  return { ...cx, principal: { ...cx.principal, tenant } };
}
