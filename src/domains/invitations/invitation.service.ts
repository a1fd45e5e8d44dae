import { ConflictError, ValidationError } from '../../kernel/errors.ts';
import type { OrganizationRole } from '../../kernel/permissions.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { refuseDuplicate } from '../conflicts.ts';
import { invitationRevoked } from '../endings/index.ts';
import { record, recordOnce } from '../events/index.ts';
import { actorOf, ALREADY_A_MEMBER, checkActOn, checkHandOut, letsOthersIn } from '../identity/index.ts';
import { invitationMail } from '../mails/index.ts';
import { lockOrganization } from '../organizations/index.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireStanding } from '../require-standing.ts';
import { requireStepUpOfPerson } from '../require-step-up.ts';
import { notFound, requireUuid } from '../require-uuid.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { accept, type AcceptContext, type Accepted, type AcceptDependencies } from './accept.ts';
import { invitationEvent, invitationEvents } from './events.ts';
import { makeInvitationToken } from './invitation-token.ts';
import {
  type AcceptInvitationInput,
  type InviteMemberInput,
  inviteMemberInput,
  type ResendInvitationInput,
  resendInvitationInput,
  type RevokeInvitationInput,
  revokeInvitationInput,
} from './invitation.input.ts';
import { checkRecipient, checkResend, checkSending, COUNTED_MS, invitationStatus, MOST_SENT_AN_HOUR } from './invitation.rules.ts';

export interface InvitationService {
  /** Sends somebody a token to join with. It is answered alike whether the address is known to the installation or not. */
  invite(cx: ServiceContext, input: InviteMemberInput): Promise<{ invitationId: string; replayed: boolean }>;
  /** Sends another token, good from now on; the one that was sent before is void. */
  resend(cx: ServiceContext, input: ResendInvitationInput): Promise<{ invitationId: string }>;
  /** Makes it void. To do so again changes nothing. */
  revoke(cx: ServiceContext, input: RevokeInvitationInput): Promise<{ invitationId: string }>;
  /** Joins, by a token, whoever it was sent to. Nobody need be signed in. */
  accept(cx: AcceptContext, input: AcceptInvitationInput): Promise<Accepted>;
}

export type InvitationDependencies = AcceptDependencies;

const OPEN_ALREADY = 'There is an invitation for this address already: send that one again, or take it back.';

export function createInvitationService(dependencies: InvitationDependencies): InvitationService {
  return {
    invite: (cx, input) => invite(cx, dependencies, input),
    resend: (cx, input) => resend(cx, dependencies, input),
    revoke,
    accept: (cx, input) => accept(cx, dependencies, input),
  };
}

async function invite(
  cx: ServiceContext,
  { mailer, mails }: InvitationDependencies,
  input: InviteMemberInput,
): Promise<{ invitationId: string; replayed: boolean }> {
  requirePermission(cx, 'member:write');
  const { idempotencyKey, ...fields } = parseInput(inviteMemberInput, input);
  checkHandOut(actorOf(cx), fields.role);
  const { orgId, membershipId: invitedById } = requireTenant(cx);
  // The invitation stands and falls with a member: an operator is none.
  if (invitedById === null) throw ValidationError.of('email', 'can be invited by members alone, and you work here as an administrator of the platform: call addMember, or have the owner invite');
  if (letsOthersIn(fields.role)) requireStepUpOfPerson(cx);
  const { email, role, name = null } = fields;
  const now = cx.clock.now();
  const { token, tokenHash, expiresAt } = makeInvitationToken(now);
  const request = { orgId, userId: cx.principal.userId, operation: 'inviteMember', key: idempotencyKey, input: fields, now };
  let organization = '';
  let mailed = false;
  const { result, replayed } = await refuseDuplicate(OPEN_ALREADY, () =>
    cx.db.$transaction((tx) =>
      recordOnce(tx, cx, request, async () => {
        organization = (await lockOrganization(tx, orgId)).name;
        await requireStanding(tx, cx);
        await refuseMember(tx, orgId, email);
        checkSending(await countSent(tx, orgId, now));
        mailed = await takeMail(tx, email, now);
        const data = { orgId, email, name, role, tokenHash, invitedById, sentAt: now, expiresAt };
        const { id } = await tx.invitation.create({ data, select: { id: true } });
        return { result: { invitationId: id }, events: [invitationEvent(invitationEvents.created, id, role)] };
      }),
    ),
  );
  if (!replayed && mailed) mailer.send(invitationMail(mails, { to: email, token, organization, role, expiresAt }));
  return { ...result, replayed };
}

/** Who belongs to the organization is known to whoever may invite. */
async function refuseMember(tx: TenantTransaction, orgId: string, email: string): Promise<void> {
  const member = await tx.membership.findFirst({ where: { orgId, email, leftAt: null }, select: { id: true } });
  if (member !== null) throw new ConflictError(ALREADY_A_MEMBER);
}

/**
 * How many were sent lately, or more than may be. Exact, because the organization is locked. Of the newest first, so that it
 * reads no more of years of invitations than it needs.
 */
async function countSent(tx: TenantTransaction, orgId: string, now: Date): Promise<number> {
  const where = { orgId, sentAt: { gt: new Date(now.getTime() - COUNTED_MS) } };
  const sent = await tx.invitation.findMany({ where, orderBy: { sentAt: 'desc' }, take: MOST_SENT_AN_HOUR, select: { sentCount: true } });
  return sent.reduce((sum, { sentCount }) => sum + sentCount, 0);
}

/**
 * Whether the mail is to be sent. The first of a day is; further ones are not when the address had enough of all organizations
 * together, which none of them learns: each can send it anew on another day. Within the transaction: what comes to nothing is not counted.
 *
 * @throws RateLimitedError when this organization has sent the address too many.
 */
async function takeMail(tx: TenantTransaction, email: string, now: Date): Promise<boolean> {
  const [taken] = await tx.$queryRaw<{ nextAt: Date | null; mailed: boolean }[]>`
    SELECT next_at AS "nextAt", mailed FROM iam.take_invitation_mail(${email}, ${now}::timestamptz)`;
  checkRecipient(taken?.nextAt ?? null, now);
  return taken?.mailed === true;
}

async function resend(
  cx: ServiceContext,
  { mailer, mails }: InvitationDependencies,
  input: ResendInvitationInput,
): Promise<{ invitationId: string }> {
  requirePermission(cx, 'member:write');
  const invitationId = requireUuid('Invitation', parseInput(resendInvitationInput, input).id);
  const { orgId, membershipId: invitedById } = requireTenant(cx);
  if (invitedById === null) throw new ConflictError('An invitation is sent anew by members alone: take it back and call addMember, or have the owner send it.');
  const now = cx.clock.now();
  const { token, tokenHash, expiresAt } = makeInvitationToken(now);
  const { mailed, ...sent } = await cx.db.$transaction(async (tx) => {
    const { name: organization } = await lockOrganization(tx, orgId);
    await requireStanding(tx, cx);
    const invitation = await lockInvitation(tx, orgId, invitationId);
    checkHandOut(actorOf(cx), invitation.role);
    checkResend(invitation, now);
    if (letsOthersIn(invitation.role)) requireStepUpOfPerson(cx);
    checkSending(await countSent(tx, orgId, now));
    const mailed = await takeMail(tx, invitation.email, now);
    // The one who sends it answers for it: whoever has sent it before may be gone.
    const data = { tokenHash, invitedById, expiresAt, sentAt: now, sentCount: { increment: 1 } };
    await tx.invitation.updateMany({ where: { orgId, id: invitationId }, data });
    await record(tx, cx, invitationEvent(invitationEvents.resent, invitationId, invitation.role));
    return { mailed, to: invitation.email, role: invitation.role, organization };
  });
  if (mailed) mailer.send(invitationMail(mails, { ...sent, token, expiresAt }));
  return { invitationId };
}

async function revoke(cx: ServiceContext, input: RevokeInvitationInput): Promise<{ invitationId: string }> {
  requirePermission(cx, 'member:write');
  const invitationId = requireUuid('Invitation', parseInput(revokeInvitationInput, input).id);
  const { orgId } = requireTenant(cx);
  const now = cx.clock.now();
  await cx.db.$transaction(async (tx) => {
    await requireStanding(tx, cx);
    const invitation = await lockInvitation(tx, orgId, invitationId);
    checkActOn(actorOf(cx), invitation.role);
    const status = invitationStatus(invitation, now);
    if (status === 'accepted') throw new ConflictError('The invitation was accepted already: remove the member.');
    if (status === 'revoked') return;
    await tx.invitation.updateMany({ where: { orgId, id: invitationId }, data: { revokedAt: now } });
    await record(tx, cx, invitationRevoked(invitationId, invitation.role, 'taken_back'));
  });
  return { invitationId };
}

interface LockedInvitation {
  readonly email: string;
  readonly role: OrganizationRole;
  readonly sentCount: number;
  readonly acceptedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly expiresAt: Date;
}

/** The invitation, unchanged until the transaction ends. */
async function lockInvitation(tx: TenantTransaction, orgId: string, id: string): Promise<LockedInvitation> {
  await tx.$queryRaw`SELECT id FROM iam.invitations WHERE org_id = ${orgId}::uuid AND id = ${id}::uuid FOR NO KEY UPDATE`;
  const select = { email: true, role: true, sentCount: true, acceptedAt: true, revokedAt: true, expiresAt: true };
  const invitation = await tx.invitation.findFirst({ where: { orgId, id }, select });
  if (invitation === null) throw notFound('Invitation');
  return invitation;
}
