import { AppError, ForbiddenError, UnauthenticatedError } from '../../kernel/errors.ts';
import { isUuid, uuidOf } from '../../kernel/ids.ts';
import {
  OPERATOR_PERMISSIONS,
  type OrganizationRole,
  type Permission,
  ROLE_PERMISSIONS,
  type SystemRole,
  withinScopes,
} from '../../kernel/permissions.ts';
import type { MembershipSummary, Principal, Tenant } from '../../kernel/principal.ts';
import { SecondFactorRequiredError } from '../second-factor-required.ts';

export type UserStatus = 'active' | 'suspended' | 'deleted';
export type MembershipStatus = 'invited' | 'active' | 'suspended' | 'left';
export type OrganizationStatus =
  'provisioning' | 'provisioning_failed' | 'active' | 'inactive' | 'suspended' | 'deleted';

/** A person in an organization, with every status that decides whether it may come in. */
export interface Membership {
  readonly orgId: string;
  readonly membershipId: string;
  readonly role: OrganizationRole;
  readonly status: MembershipStatus;
  readonly organizationStatus: OrganizationStatus;
  readonly organizationName: string;
  readonly organizationSlug: string;
  /** Whether the organization lets in nobody whose session has shown no second factor. */
  readonly requiresSecondFactor: boolean;
}

/** What is known of an API key whose secret was right. */
export interface KeyRecord {
  readonly keyId: string;
  readonly userId: string;
  readonly keyStatus: 'active' | 'revoked';
  readonly expiresAt: Date | null;
  readonly scopes: readonly string[];
  readonly rateLimitPerHour: number;
  readonly userStatus: UserStatus;
  readonly membership: Membership;
  /** The person who made it and knows its secret; null for an operator of the platform. */
  readonly issuerUserId: string | null;
  /** Whether that person is let in; true for an operator. */
  readonly issuerActive: boolean;
}

/** What is known of a session. */
export interface SessionRecord {
  readonly sessionId: string;
  readonly userId: string;
  readonly accessExpiresAt: Date;
  readonly endedAt: Date | null;
  /** When the person last proved to be there: by signing in, or by a step-up. */
  readonly provedAt: Date;
  /** When this session was given a second factor; null when it was not. */
  readonly secondFactorAt: Date | null;
  readonly userStatus: UserStatus;
  readonly systemRole: SystemRole;
  readonly memberships: readonly Membership[];
}

const userNotActive = () =>
  new AppError('USER_NOT_ACTIVE', 'Your access is suspended: ask an administrator of the organization.');
const issuerNotActive = () =>
  new AppError('USER_NOT_ACTIVE', 'The member who made this API key is suspended: let its owner rotate it, or ask an administrator of the organization.');
const organizationNotActive = () =>
  new AppError('ORG_NOT_ACTIVE', 'The organization is not active: ask its owner or the operator.');
/** One text, whether the organization exists or not. */
const notYours = () => new ForbiddenError(
    'X-Organization-Id names no organization that you are a member of: send an id from viewer { organizations { id } }.',
  );

/** The organization that a header names, as a global id or a bare UUID; null for anything else. */
export function namedOrganization(text: string): string | null {
  return isUuid(text) ? text : uuidOf('Organization', text);
}

/**
 * Who an API key is, in the one organization it belongs to. The order of the answers is part of the contract.
 *
 * @param named the value of X-Organization-Id.
 * @throws UnauthenticatedError, ForbiddenError, AppError (API_KEY_EXPIRED, USER_NOT_ACTIVE, ORG_NOT_ACTIVE)
 */
export function principalOfKey(key: KeyRecord, named: string | null, now: Date): Principal {
  const { membership } = key;
  if (key.keyStatus !== 'active') throw new UnauthenticatedError();
  if (key.expiresAt !== null && key.expiresAt <= now) {
    throw new AppError('API_KEY_EXPIRED', 'This API key has expired: create a new one.');
  }
  if (key.userStatus !== 'active') throw userNotActive();
  checkEntry(membership);
  if (!key.issuerActive) throw issuerNotActive();
  if (named !== null && namedOrganization(named) !== membership.orgId) throw notYours();
  return {
    kind: 'apiKey',
    userId: key.userId,
    // A key never acts for the platform, whoever its owner is.
    systemRole: 'user',
    credentialId: key.keyId,
    issuerUserId: key.issuerUserId,
    expiresAt: key.expiresAt,
    tenant: tenantOf(membership),
    permissions: withinScopes(ROLE_PERMISSIONS[membership.role], key.scopes),
    rateLimitPerHour: key.rateLimitPerHour,
    memberships: [summaryOf(membership)],
  };
}

/** Whether the session still stands. @throws UnauthenticatedError, AppError (USER_NOT_ACTIVE) */
export function checkSession(session: SessionRecord, now: Date): void {
  if (session.endedAt !== null || session.accessExpiresAt <= now) throw new UnauthenticatedError();
  if (session.userStatus === 'deleted') throw new UnauthenticatedError();
  if (session.userStatus !== 'active') throw userNotActive();
}

/** Where a session wants to work: in one of its memberships, in an organization to be asked for, or nowhere yet. */
export type Destination =
  | { readonly membership: Membership }
  | { readonly operatorOf: string }
  | { readonly membership: null; readonly shutOut?: AppError };

/**
 * Chooses the organization of a session's request: the one that is named, or the only one.
 *
 * @throws ForbiddenError for one the person is not in, AppError (USER_NOT_ACTIVE, ORG_NOT_ACTIVE, SECOND_FACTOR_REQUIRED)
 * for one it is.
 */
export function chooseDestination(session: SessionRecord, named: string | null): Destination {
  // An operator is one everywhere: an organization that adds it as a member must not narrow what it may do there.
  if (session.systemRole === 'super_admin') return operatorDestination(named);
  if (named === null) return onlyMembership(session);
  const orgId = namedOrganization(named);
  const membership = session.memberships.find((candidate) => candidate.orgId === orgId && candidate.status !== 'left');
  if (membership === undefined) throw notYours();
  checkEntry(membership);
  if (!hasFactorFor(session, membership)) throw new SecondFactorRequiredError(tenantOf(membership));
  return { membership };
}

/** It binds people, who can show one: an API key has rules of its own. */
function hasFactorFor({ secondFactorAt }: Pick<SessionRecord, 'secondFactorAt'>, { requiresSecondFactor }: Pick<Membership, 'requiresSecondFactor'>): boolean {
  return !requiresSecondFactor || secondFactorAt !== null;
}

function operatorDestination(named: string | null): Destination {
  if (named === null) return { membership: null };
  const orgId = namedOrganization(named);
  if (orgId === null) throw notYours();
  return { operatorOf: orgId };
}

/**
 * The organization of somebody who names none: the only one the person was ever in. Anybody can be added to another
 * organization without being asked, so from the second on nothing is taken for granted, also after the first has ended.
 */
function onlyMembership(session: SessionRecord): Destination {
  // An invitation is nothing to work in; it neither decides nor stands in the way.
  const [only, ...others] = session.memberships.filter(({ status }) => status !== 'invited');
  if (only === undefined || only.status === 'left' || others.length > 0) return { membership: null };
  // In none instead of refused: what belongs to the person, and not to the organization, nobody there can take away. Who has
  // to set up a second factor must be able to, who was shut out can still sign out, and who has closed it can open it again.
  const shutOut = refusalOf(only) ?? (hasFactorFor(session, only) ? null : new SecondFactorRequiredError(tenantOf(only)));
  return shutOut === null ? { membership: only } : { membership: null, shutOut };
}

function isOpen({ status, organizationStatus }: Membership): boolean {
  return status === 'active' && organizationStatus === 'active';
}

function refusalOf({ status, organizationStatus }: Membership): AppError | null {
  if (status !== 'active') return userNotActive();
  return organizationStatus === 'active' ? null : organizationNotActive();
}

function checkEntry(membership: Membership): void {
  const refusal = refusalOf(membership);
  if (refusal !== null) throw refusal;
}

/** What is known of an organization that an operator asked for. */
export interface VisitedOrganization {
  readonly orgId: string;
  readonly organizationStatus: OrganizationStatus;
  readonly requiresSecondFactor: boolean;
}

/**
 * The organization that an operator asked for, as it was found: who is above its members shows what they have to show.
 *
 * @throws ForbiddenError, AppError (ORG_NOT_ACTIVE, SECOND_FACTOR_REQUIRED)
 */
export function operatorTenant(found: VisitedOrganization | null, session: Pick<SessionRecord, 'secondFactorAt'>): Tenant {
  if (found === null) throw notYours();
  if (found.organizationStatus !== 'active') throw organizationNotActive();
  const tenant = { orgId: found.orgId, membershipId: null, role: null };
  if (!hasFactorFor(session, found)) throw new SecondFactorRequiredError(tenant);
  return tenant;
}

/**
 * Who a session is, in the tenant that was chosen (null: in none yet).
 *
 * @param stepUpMs how long it is enough to have proved to be there.
 */
export function principalOfSession(session: SessionRecord, tenant: Tenant | null, stepUpMs: number, shutOut: AppError | null = null): Principal {
  return {
    kind: 'user',
    userId: session.userId,
    systemRole: session.systemRole,
    credentialId: session.sessionId,
    expiresAt: session.accessExpiresAt,
    provedUntil: new Date(session.provedAt.getTime() + stepUpMs),
    secondFactorAt: session.secondFactorAt,
    tenant,
    shutOut,
    permissions: sessionPermissions(session.systemRole, tenant),
    rateLimitPerHour: null,
    memberships: session.memberships.filter(isShown).map(summaryOf),
  };
}

function sessionPermissions(systemRole: SystemRole, tenant: Tenant | null): ReadonlySet<Permission> {
  if (tenant !== null && tenant.role === null) return new Set(OPERATOR_PERMISSIONS);
  const inTenant = tenant?.role ? ROLE_PERMISSIONS[tenant.role] : [];
  return new Set(systemRole === 'super_admin' ? [...inTenant, 'platform:admin'] : inTenant);
}

export function tenantOf({ orgId, membershipId, role }: Membership): Tenant {
  return { orgId, membershipId, role };
}

/** What has ended, on either side, is no choice any more. */
function isShown({ status, organizationStatus }: Membership): boolean {
  return status !== 'left' && organizationStatus !== 'deleted';
}

function summaryOf(membership: Membership): MembershipSummary {
  const { orgId, membershipId, role, organizationName, organizationSlug, requiresSecondFactor } = membership;
  return { orgId, membershipId, role, organizationName, organizationSlug, requiresSecondFactor, active: isOpen(membership) };
}
