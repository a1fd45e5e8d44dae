import { type AppError, TenantContextError } from './errors.ts';
import type { OrganizationRole, Permission, SystemRole } from './permissions.ts';

/** An organization that a person belongs to, as far as the person may know before choosing it. */
export interface MembershipSummary {
  readonly orgId: string;
  readonly membershipId: string;
  readonly role: OrganizationRole;
  readonly organizationName: string;
  readonly organizationSlug: string;
  readonly active: boolean;
  /** Whether the organization lets nobody in who has not shown a second factor in this session. */
  readonly requiresSecondFactor?: boolean;
}

/** The organization that a request works in, and as what. */
export interface Tenant {
  readonly orgId: string;
  /** Null for a super administrator who is not a member. */
  readonly membershipId: string | null;
  /** Null for a super administrator who is not a member: above every role. */
  readonly role: OrganizationRole | null;
}

/** Who is calling. Immutable for the life of a request. */
export interface Principal {
  readonly kind: 'user' | 'apiKey';
  readonly userId: string;
  readonly systemRole: SystemRole;
  /** The API key or the session that was presented. */
  readonly credentialId: string;
  /** The user who made the API key and knows its secret; null or nothing for a person, and for a key of an operator. */
  readonly issuerUserId?: string | null;
  /** When the credential ends by itself; null or nothing when it does not. */
  readonly expiresAt?: Date | null;
  /** Until when it is enough that the person has proved to be there; null or nothing for an API key. */
  readonly provedUntil?: Date | null;
  /** When this session was given a second factor; null or nothing when it was not. */
  readonly secondFactorAt?: Date | null;
  /** Null until an organization is chosen (a user of several organizations who sent no X-Organization-Id). */
  readonly tenant: Tenant | null;
  /** Why a person's only organization is closed to the person, who named none: what needs an organization is refused with it. */
  readonly shutOut?: AppError | null;
  /** What the caller may do in the tenant: the role's permissions, within the API key's scopes. */
  readonly permissions: ReadonlySet<Permission>;
  /** How many root fields an hour the API key has; null for a person, whom the installation gives a number. */
  readonly rateLimitPerHour: number | null;
  /** What the calls of an API key are counted in by the month; null or nothing for a person. */
  readonly usage?: { readonly id: string; /** Null: without an end. */ readonly monthlyLimit: number | null } | null;
  /** The organizations to choose from; for an API key its own only. */
  readonly memberships: readonly MembershipSummary[];
}

/** What somebody is refused with who works in no organization, and asks for what needs one. */
export function noTenant({ shutOut, memberships, systemRole }: Principal): AppError {
  if (shutOut) return shutOut;
  // An operator is in none either, and chooses among all.
  if (memberships.length === 0 && systemRole !== 'super_admin') return new TenantContextError(IN_NONE);
  return new TenantContextError();
}

const IN_NONE = 'You are in no organization yet: accept an invitation, or ask the operator of this installation for an organization.';
