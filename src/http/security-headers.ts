const YEAR_SECONDS = 31_536_000;

/** Answers are data: nothing in them runs, loads, or is shown in a frame, should a browser be made to open one. */
const DATA_POLICY = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** What a page could ask a browser for, and no page of this server ever does. */
const UNUSED_FEATURES = ['camera', 'display-capture', 'geolocation', 'microphone', 'midi', 'payment', 'usb', 'serial'];

const HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'content-security-policy': DATA_POLICY,
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-embedder-policy': 'require-corp',
  'cross-origin-resource-policy': 'same-origin',
  'permissions-policy': UNUSED_FEATURES.map((feature) => `${feature}=()`).join(', '),
  'cache-control': 'no-store',
};

/**
 * The headers of every answer, whichever door it comes from. Nothing is kept in between, signed in or not: an answer
 * for one caller is never the answer for another.
 *
 * @param secure whether the caller spoke HTTPS: only then may a browser be told to insist on it.
 */
export function securityHeaders(secure: boolean): Record<string, string> {
  // For this host alone: what its subdomains do is not for this server to say.
  return secure ? { ...HEADERS, 'strict-transport-security': `max-age=${YEAR_SECONDS}` } : HEADERS;
}

/** The policy of the query page: its own script, by its hash, and requests to this server alone. */
export function pagePolicy(scriptHash: string): string {
  return [
    "default-src 'none'",
    `script-src '${scriptHash}'`,
    // The editor makes its workers out of text that is part of the script.
    'worker-src blob:',
    // The editor places every line by a style of its own; styles run nothing, and there is nowhere to load them from.
    "style-src 'unsafe-inline'",
    'img-src data:',
    'font-src data:',
    "connect-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}
