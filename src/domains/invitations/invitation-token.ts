import { isToken, randomToken, sha256 } from '../../platform/crypto/tokens.ts';
import { INVITATION_LIFETIME_MS } from './invitation.rules.ts';

const PREFIX = 'ti_';

/** A token that was just made. It is known at this moment only. */
export interface InvitationToken {
  readonly token: string;
  readonly tokenHash: Buffer<ArrayBuffer>;
  readonly expiresAt: Date;
}

export function makeInvitationToken(now: Date): InvitationToken {
  const token = randomToken(PREFIX);
  return { token, tokenHash: sha256(token), expiresAt: new Date(now.getTime() + INVITATION_LIFETIME_MS) };
}

/** What an invitation is found by; null for what is no token, which no database need be asked for. */
export function invitationHash(token: string): Buffer<ArrayBuffer> | null {
  return isToken(PREFIX, token) ? sha256(token) : null;
}
