import { AppError, ConflictError, ForbiddenError, ValidationError } from '../../kernel/errors.ts';
import { mayManageRole, type OrganizationRole } from '../../kernel/permissions.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { Hashing } from '../../platform/crypto/passwords.ts';
import type { FoundInvitation, PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import { type AttemptSubjects, type AuthService, type CountAttempt, type IssuedSession, takeAttempt } from '../auth/index.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { record } from '../events/index.ts';
import { ALREADY_A_MEMBER, join, type NewAdmins, newAdmins, tellOfNewAdmins } from '../identity/index.ts';
import type { Mailing } from '../mails/index.ts';
import { lockOrganization } from '../organizations/index.ts';
import { parseInput } from '../parse-input.ts';
import { checkPassword } from '../people/index.ts';
import type { ServiceContext } from '../service-context.ts';
import { invitationEvent, invitationEvents } from './events.ts';
import { hasAccount, setFirstPassword } from './first-password.ts';
import { invitationHash } from './invitation-token.ts';
import { type AcceptInvitationInput, acceptInvitationInput } from './invitation.input.ts';

/** Whoever accepts is somebody or nobody yet. */
export type AcceptContext = Omit<ServiceContext, 'principal'> & { readonly principal: Principal | null };

export interface Accepted {
  readonly organizationId: string;
  readonly memberId: string;
  /** Opened for whoever has joined with a new password; null for whoever was signed in, whose session goes on. */
  readonly session: IssuedSession | null;
}

export interface AcceptDependencies extends Mailing {
  readonly preTenant: Pick<PreTenantDatabase, 'ensureIdentity' | 'findInvitation' | 'settleSignIn'>;
  readonly hashing: Hashing;
  readonly countAttempt: CountAttempt;
  readonly attemptSubjects: AttemptSubjects;
  readonly auth: Pick<AuthService, 'openSessionIf'>;
}

/** One text for whatever is wrong with a token: which of these it is says something about an organization. */
const unusable = (): ValidationError => ValidationError.of('token', 'is unknown, used or too old: ask for a new one');

/**
 * Makes whoever holds the token a member: the person who is signed in with the address that it was sent to, or somebody
 * who has no password yet and sets one, and is signed in. The token has proved the address, so that it may be told what is
 * known of it.
 *
 * @throws ValidationError, ConflictError, RateLimitedError; ForbiddenError for an API key.
 */
export async function accept(cx: AcceptContext, dependencies: AcceptDependencies, input: AcceptInvitationInput): Promise<Accepted> {
  const { token, password, name = null } = parseInput(acceptInvitationInput, input);
  if (cx.principal?.kind === 'apiKey') throw new ForbiddenError('Only a person can do this: sign in.');
  await takeAttempt(dependencies.countAttempt, { kind: 'invitation', address: null, ip: cx.origin.ip ?? null });
  const hash = invitationHash(token);
  const invitation = hash === null ? null : await dependencies.preTenant.findInvitation(hash, cx.clock.now());
  if (invitation === null || (invitation.userStatus !== null && invitation.userStatus !== 'active')) throw unusable();
  if (cx.principal === null) return acceptAsNewcomer(cx, dependencies, invitation, { password, name });
  const { userId } = cx.principal;
  if (userId !== invitation.userId) throw new ConflictError('This invitation is for another address: sign out, or sign in with that one.');
  return { ...(await joinBy(cx, dependencies, invitation, { userId, name, passwordHash: null })), session: null };
}

interface Newcomer {
  readonly password: string | undefined;
  readonly name: string | null;
}

async function acceptAsNewcomer(cx: AcceptContext, dependencies: AcceptDependencies, invitation: FoundInvitation, { password, name }: Newcomer): Promise<Accepted> {
  const { preTenant, hashing, attemptSubjects, auth } = dependencies;
  const { email } = invitation;
  if (invitation.hasAccount) throw hasAccount();
  if (password === undefined) throw ValidationError.of('password', 'is required: you will sign in with it');
  const network = networkOf(cx.origin.ip ?? null);
  await checkPassword(password, { email, name }, { network });
  const passwordHash = await hashing.hash(password, { lane: 'guess', network });
  const userId = invitation.userId ?? (await preTenant.ensureIdentity(email, null));
  // Whoever has proved the address is not kept out by what others have tried with it.
  await preTenant.settleSignIn(attemptSubjects.address(email), true);
  let joined: Omit<Accepted, 'session'> | undefined;
  let refusal: unknown = unusable();
  const join = async (): Promise<boolean> => {
    try {
      joined = await joinBy(cx, dependencies, invitation, { userId, name, passwordHash });
    } catch (error) {
      // What was decided ends the session that was opened for it; of anything else it is not known how it went.
      if (!(error instanceof AppError)) throw error;
      refusal = error;
    }
    return joined !== undefined;
  };
  const session = await auth.openSessionIf({ userId, origin: cx.origin, provedAt: cx.clock.now(), secondFactorAt: null }, join);
  if (joined === undefined || session === null) throw refusal;
  return { ...joined, session };
}

/** Uses the invitation up, in the organization's scope, and all that comes with it or nothing. */
async function joinBy(cx: AcceptContext, dependencies: AcceptDependencies, invitation: FoundInvitation, joining: Joining): Promise<Omit<Accepted, 'session'>> {
  const { orgId } = invitation;
  const { userId } = joining;
  const { memberId, news } = await runInScope(createScope({ orgId, userId }), () =>
    refuseDuplicate(ALREADY_A_MEMBER, () =>
      cx.db.$transaction(async (tx) => {
        const used = await useInvitation(tx, cx, invitation, joining);
        if (joining.passwordHash !== null) await setFirstPassword(tx, joining.passwordHash, { ...joining, now: cx.clock.now() });
        return used;
      }),
    ),
  );
  tellOfNewAdmins(dependencies, news);
  cx.accessChanged({ kind: 'user', id: userId });
  return { organizationId: orgId, memberId };
}

interface Joining {
  readonly userId: string;
  readonly name: string | null;
  /** Of somebody without an account. */
  readonly passwordHash: string | null;
}

/** Uses the invitation up, once, and makes the member. In the organization's scope. */
async function useInvitation(
  tx: TenantTransaction,
  cx: AcceptContext,
  { orgId, invitationId: id, email, sentCount }: FoundInvitation,
  { userId, name }: Joining,
): Promise<{ memberId: string; news: NewAdmins | null }> {
  const now = cx.clock.now();
  const { status } = await lockOrganization(tx, orgId);
  const invitation = await tx.invitation.findFirst({ where: { orgId, id }, select: { role: true, name: true, invitedById: true } });
  if (status !== 'active' || invitation === null) throw unusable();
  const { role } = invitation;
  await requireInviter(tx, orgId, invitation.invitedById, role);
  // The one statement that decides: of several at the same time one changes a row, and none after it was sent anew.
  const open = { orgId, id, sentCount, acceptedAt: null, revokedAt: null, expiresAt: { gt: now } };
  const { count } = await tx.invitation.updateMany({ where: open, data: { acceptedAt: now } });
  if (count === 0) throw unusable();
  const joined = await join(tx, { orgId, userId, email, name: name ?? invitation.name, role, joinedAt: now });
  const { memberId } = joined.result;
  const principal = actingAs(cx.principal, { userId, invitationId: id, tenant: { orgId, membershipId: memberId, role } });
  await record(tx, { ...cx, principal }, invitationEvent(invitationEvents.accepted, id, role, memberId), ...joined.events);
  return { memberId, news: await newAdmins(tx, { principal }, orgId, role === 'admin' ? [memberId] : []) };
}

/** Whoever has invited must be able to do so still: an invitation gives nothing that its sender has lost. */
async function requireInviter(tx: TenantTransaction, orgId: string, id: string, role: OrganizationRole): Promise<void> {
  const [inviter] = await tx.$queryRaw<{ role: OrganizationRole; status: string }[]>`
    SELECT role::text, status::text FROM iam.memberships WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR SHARE`;
  if (inviter?.status !== 'active' || !mayManageRole(inviter.role, role)) throw unusable();
}

interface Joiner {
  readonly userId: string;
  readonly invitationId: string;
  readonly tenant: NonNullable<Principal['tenant']>;
}

/** As whom it is written down: as the member that was made. Without a session the invitation is what was shown. */
function actingAs(principal: Principal | null, { userId, invitationId, tenant }: Joiner): Principal {
  if (principal !== null) return { ...principal, tenant };
  return { kind: 'user', userId, systemRole: 'user', credentialId: invitationId, tenant, permissions: new Set(), rateLimitPerHour: null, memberships: [] };
}
