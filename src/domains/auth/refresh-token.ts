import { isToken, randomToken, sha256 } from '../../platform/crypto/tokens.ts';

const PREFIX = 'tr_';
const FAMILY_LENGTH = randomToken(PREFIX).length;

/**
 * The name of a session's family, which all its refresh tokens begin with. Only who has held one of them knows it, so nobody
 * else can end the session by it.
 */
export function newFamily(): string {
  return randomToken(PREFIX);
}

/** A refresh token of a family: its name and a new secret. */
export function tokenOfFamily(family: string): string {
  return randomToken(family);
}

/** What a refresh token is looked up by. */
export interface RefreshToken {
  readonly family: string;
  readonly familyHash: Buffer<ArrayBuffer>;
  readonly hash: Buffer<ArrayBuffer>;
}

/** The parts of what may be a refresh token; null for what has not its form. */
export function readRefreshToken(text: string): RefreshToken | null {
  const family = text.slice(0, FAMILY_LENGTH);
  // A family's name alone is what a session that was opened before there were families was given as its token.
  if (!isToken(PREFIX, family) || (text !== family && !isToken(family, text))) return null;
  return { family, familyHash: sha256(family), hash: sha256(text) };
}
