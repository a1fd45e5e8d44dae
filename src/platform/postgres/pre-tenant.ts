import type { DatabasePool } from './adapter/index.ts';
import { readRecords } from './adapter/records.ts';
import { createPeopleCredentials, type PeopleCredentials } from './people-credentials.ts';
import type {
  ApiKeyStatus,
  MembershipStatus,
  OrganizationRole,
  OrganizationStatus,
  SystemRole,
  UserStatus,
} from './generated/client/client.ts';

/** Who holds an API key, with every status that decides whether it may come in. */
export interface FoundApiKey {
  readonly orgId: string;
  readonly keyId: string;
  readonly userId: string;
  readonly membershipId: string;
  readonly secretHash: string;
  readonly keyStatus: ApiKeyStatus;
  readonly expiresAt: Date | null;
  readonly scopes: readonly string[];
  readonly rateLimitPerHour: number;
  readonly allowedNetworks: readonly string[];
  readonly allowedOrigins: readonly string[];
  readonly requireSecondFactor: boolean;
  /** Whether the owner has a second factor that was confirmed. */
  readonly ownerSecondFactor: boolean;
  readonly monthlyLimit: number | null;
  readonly usageId: string;
  readonly organizationStatus: OrganizationStatus;
  readonly organizationName: string;
  readonly organizationSlug: string;
  /** Whether the organization asks its members for a second factor. */
  readonly organizationSecondFactor: boolean;
  readonly userStatus: UserStatus;
  readonly membershipStatus: MembershipStatus;
  readonly role: OrganizationRole;
  /** The person who made the key and has seen its secret; null for an operator of the platform. */
  readonly issuerUserId: string | null;
  /** Whether that person is let in, here and in the installation; true for an operator. */
  readonly issuerActive: boolean;
}

/** One of the organizations that a person may choose from. */
export interface FoundMembership {
  readonly orgId: string;
  readonly membershipId: string;
  readonly role: OrganizationRole;
  readonly status: MembershipStatus;
  readonly organizationStatus: OrganizationStatus;
  readonly organizationName: string;
  readonly organizationSlug: string;
  readonly requiresSecondFactor: boolean;
}

export interface FoundSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly accessExpiresAt: Date;
  readonly endedAt: Date | null;
  /** When the person last proved to be there. */
  readonly provedAt: Date;
  /** Null for a session that had no second factor. */
  readonly secondFactorAt: Date | null;
  readonly userStatus: UserStatus;
  readonly systemRole: SystemRole;
  readonly memberships: readonly FoundMembership[];
}

export interface FoundRefresh {
  readonly sessionId: string;
  readonly userId: string;
  readonly refreshExpiresAt: Date;
  readonly endedAt: Date | null;
  readonly userStatus: UserStatus;
  /** It is not the family's current token, so it was exchanged before: somebody has a copy. */
  readonly reused: boolean;
}

export interface FoundOrganization {
  readonly orgId: string;
  readonly organizationStatus: OrganizationStatus;
  readonly requiresSecondFactor: boolean;
}

/** An invitation that can be accepted, and the identity that has its address. */
export interface FoundInvitation {
  readonly orgId: string;
  readonly invitationId: string;
  readonly email: string;
  /** Which sending the token is of: the next one makes it void. */
  readonly sentCount: number;
  /** Null: nobody has the address yet, or not as an identity of this installation. */
  readonly userId: string | null;
  readonly userStatus: UserStatus | null;
  /** Whether that identity has anything to sign in with. */
  readonly hasAccount: boolean;
}

/** An organization that was left half-way: on its way in, or out. */
export interface UnsettledOrganization {
  readonly orgId: string;
  readonly organizationStatus: OrganizationStatus;
}

/**
 * What may be looked up before a tenant is known: the definer functions of the migrations and nothing else. Each
 * answers null for what it does not find. All fail like statements of the tenant client do.
 */
export interface PreTenantDatabase extends PeopleCredentials {
  /** @param fingerprint 32 bytes. */
  findApiKey(fingerprint: Uint8Array): Promise<FoundApiKey | null>;
  /** @param accessHash SHA-256 of the access token. */
  findSession(accessHash: Uint8Array): Promise<FoundSession | null>;
  /** @param familyHash SHA-256 of what names the family of the token. @param refreshHash SHA-256 of the token, current or not. */
  findRefresh(familyHash: Uint8Array, refreshHash: Uint8Array): Promise<FoundRefresh | null>;
  /** The id of the identity with this address (in lower case), made without a password when there is none. */
  ensureIdentity(email: string, name: string | null): Promise<string>;
  /** The organizations whose log has grown by so many events since its last checkpoint, or at all since one so old. */
  findUnsignedLogs(events: number, ageMs: number): Promise<readonly string[]>;
  /** The keys that secrets of second factors are sealed with, but these. */
  findOtherSeals(keyIds: readonly string[]): Promise<readonly string[]>;
  /** @param tokenHash SHA-256 of the token that was sent to the address. */
  findInvitation(tokenHash: Uint8Array, now: Date): Promise<FoundInvitation | null>;
  /**
   * Organizations that are being provisioned, or deleted with a namespace that the engine holds, and were not touched for a
   * minute: at most 100 of each, the one that was touched first before the others.
   */
  findUnsettledOrganizations(): Promise<readonly UnsettledOrganization[]>;
  /** Null unless the user is an active super administrator. */
  findOrganizationForOperator(userId: string, orgId: string): Promise<FoundOrganization | null>;
}

const nobody = { orgId: null, userId: null } as const;

export function createPreTenantDatabase(pool: DatabasePool): PreTenantDatabase {
  const callAs = async (userId: string | null, text: string, ...values: unknown[]): Promise<Record<string, unknown> | undefined> => {
    // The scope travels along, so that a look-up can never run in what a connection was used for before.
    const [record] = await readRecords(pool, [pool.scopeStep({ orgId: null, userId }), { text, values }]);
    return record;
  };
  const call = (text: string, ...values: unknown[]): Promise<Record<string, unknown> | undefined> => callAs(null, text, ...values);
  const find = async <Found>(text: string, ...values: unknown[]): Promise<Found | null> =>
    ((await call(text, ...values)) as Found | undefined) ?? null;
  const findAll = async <Found>(text: string, ...values: unknown[]): Promise<Found[]> =>
    (await readRecords(pool, [pool.scopeStep(nobody), { text, values }])) as Found[];

  return {
    ...createPeopleCredentials(callAs),
    findApiKey: (fingerprint) => find('SELECT * FROM iam.find_api_key($1::bytea)', fingerprint),
    findSession: (accessHash) => find('SELECT * FROM iam.find_session($1::bytea)', accessHash),
    findRefresh: (familyHash, refreshHash) => find('SELECT * FROM iam.find_refresh($1::bytea, $2::bytea)', familyHash, refreshHash),
    async ensureIdentity(email, name) {
      const record = await call('SELECT iam.ensure_identity($1::text, $2::text) AS user_id', email, name);
      return record?.['userId'] as string;
    },
    async findUnsignedLogs(events, ageMs) {
      const text = `SELECT org_id FROM events.find_unsigned($1::bigint, $2::float8 * interval '1 millisecond') AS org_id`;
      return (await findAll<{ orgId: string }>(text, events, ageMs)).map(({ orgId }) => orgId);
    },
    async findOtherSeals(keyIds) {
      const text = 'SELECT key_id FROM iam.find_other_seals($1::text[]) AS key_id';
      return (await findAll<{ keyId: string }>(text, keyIds)).map(({ keyId }) => keyId);
    },
    findInvitation: (tokenHash, now) => find('SELECT * FROM iam.find_invitation($1::bytea, $2::timestamptz)', tokenHash, now),
    findUnsettledOrganizations: () => findAll('SELECT * FROM iam.find_unsettled_organizations()'),
    findOrganizationForOperator: (userId, orgId) =>
      find('SELECT * FROM iam.find_organization_for_operator($1::uuid, $2::uuid)', userId, orgId),
  };
}
