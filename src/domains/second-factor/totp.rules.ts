import { timingSafeEqual } from 'node:crypto';
import { HOTP, Secret, TOTP } from 'otpauth';

// What every authenticator understands (RFC 6238 with its defaults): many take other numbers and ignore them.
const ALGORITHM = 'SHA1';
const DIGITS = 6;
const PERIOD_SECONDS = 30;

/** How long a secret is, as RFC 4226 recommends: 160 bits. */
export const SECRET_BYTES = 20;

/** One step before and one after the present: a clock may be wrong by half a minute, and typing takes its time. */
const DRIFTS = [-1, 0, 1];

/** The number of the 30 seconds that a moment lies in. */
function stepAt(now: Date): number {
  return Math.floor(now.getTime() / 1000 / PERIOD_SECONDS);
}

/** The code of a step, `digits` long. */
export function codeOf(secret: Uint8Array, step: number, digits = DIGITS): string {
  return HOTP.generate({ secret: secretOf(secret), algorithm: ALGORITHM, digits, counter: step });
}

/**
 * The step that a code belongs to: that of now, or one beside it. Null for any other code. It takes as long whichever
 * it is. Whether the step was used before is not known here.
 */
export function matchingStep(secret: Uint8Array, code: string, now: Date): number | null {
  if (!/^[0-9]{6}$/.test(code)) return null;
  const given = Buffer.from(code);
  let matching: number | null = null;
  for (const drift of DRIFTS) {
    const step = stepAt(now) + drift;
    // The latest of those that match: a code that two steps happen to share is used up for both.
    if (timingSafeEqual(Buffer.from(codeOf(secret, step)), given)) matching = step;
  }
  return matching;
}

/** The secret as people type it when they cannot scan: base 32. */
export function typedSecret(secret: Uint8Array): string {
  return secretOf(secret).base32;
}

/**
 * What an authenticator is told by a QR code.
 *
 * @param label how the authenticator names the account: the address.
 */
export function otpauthUri(secret: Uint8Array, issuer: string, label: string): string {
  return new TOTP({ issuer, label, secret: secretOf(secret), algorithm: ALGORITHM, digits: DIGITS, period: PERIOD_SECONDS }).toString();
}

function secretOf(bytes: Uint8Array): Secret {
  // A copy: a small Buffer shares its memory with others.
  return new Secret({ buffer: new Uint8Array(bytes).buffer });
}
