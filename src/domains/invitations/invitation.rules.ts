import { ConflictError, RateLimitedError } from '../../kernel/errors.ts';

const DAY_MS = 24 * 60 * 60_000;

/** How long an invitation can be accepted after it was sent. */
export const INVITATION_LIFETIME_MS = 7 * DAY_MS;

/** How often one invitation is sent at most. */
const MOST_SENT = 20;

/** How many mails an organization may cause within an hour: each goes to somebody who has asked for nothing. */
export const MOST_SENT_AN_HOUR = 20;
export const COUNTED_MS = 60 * 60_000;

export type InvitationStatus = 'pending' | 'accepted' | 'revoked' | 'expired';

/** The times that say where an invitation stands. */
export interface InvitationTimes {
  readonly acceptedAt: Date | null;
  readonly revokedAt: Date | null;
  readonly expiresAt: Date;
}

export function invitationStatus({ acceptedAt, revokedAt, expiresAt }: InvitationTimes, now: Date): InvitationStatus {
  if (acceptedAt !== null) return 'accepted';
  if (revokedAt !== null) return 'revoked';
  return expiresAt <= now ? 'expired' : 'pending';
}

/** Whether it can be sent anew: also when it is too old, because what is sent is a new token. @throws ConflictError */
export function checkResend(invitation: InvitationTimes & { readonly sentCount: number }, now: Date): void {
  const status = invitationStatus(invitation, now);
  if (status === 'accepted') throw new ConflictError('The invitation was accepted already.');
  if (status === 'revoked') throw new ConflictError('The invitation was taken back: invite the person again.');
  if (invitation.sentCount >= MOST_SENT) throw new ConflictError(`The invitation was sent ${MOST_SENT} times: take it back and ask the person for another address.`);
}

/**
 * Whether the organization may send this address another mail: one a minute, and ten a day.
 *
 * @param nextAt when it may be asked for again; null when it may be sent now.
 * @throws RateLimitedError
 */
export function checkRecipient(nextAt: Date | null, now: Date): void {
  if (nextAt !== null) throw new RateLimitedError('Too many invitations of this organization to this address', nextAt.getTime() - now.getTime());
}

/**
 * Whether the organization may cause another mail.
 *
 * @param sent how often the invitations were sent that were sent within the last hour. Those that were also sent before
 * count as often as they were sent: too many rather than too few.
 * @throws RateLimitedError
 */
export function checkSending(sent: number): void {
  if (sent >= MOST_SENT_AN_HOUR) throw new RateLimitedError('Too many invitations of this organization within an hour', COUNTED_MS);
}
