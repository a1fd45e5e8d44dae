import { randomToken, sha256 } from '../../platform/crypto/tokens.ts';

/** What a token is for, how it begins and how long it works. What is stored of it is its SHA-256. */
export const TOKENS = {
  /** Sent by mail: proves the address. */
  verify_email: { prefix: 'tv_', lifetimeMs: 24 * 60 * 60_000 },
  /** Sent by mail: sets a new password. */
  reset_password: { prefix: 'tp_', lifetimeMs: 2 * 60 * 60_000 },
  /** Handed out between the two steps of a sign-in. */
  second_factor: { prefix: 'tc_', lifetimeMs: 5 * 60_000 },
} as const;

export type TokenPurpose = keyof typeof TOKENS;

/** A token that was just made. It is known at this moment only. */
export interface MadeToken {
  readonly token: string;
  readonly hash: Buffer<ArrayBuffer>;
  readonly expiresAt: Date;
}

export function makeToken(purpose: TokenPurpose, now: Date): MadeToken {
  const { prefix, lifetimeMs } = TOKENS[purpose];
  const token = randomToken(prefix);
  return { token, hash: sha256(token), expiresAt: new Date(now.getTime() + lifetimeMs) };
}
