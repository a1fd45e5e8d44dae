import type { ResponseControls } from '../graphql/context.ts';

const ACCESS = 'tenantry_access';
const REFRESH = 'tenantry_refresh';
const TOKEN_LENGTH_MAX = 200;

export type SecureCookies = 'auto' | 'on' | 'off';

export interface CookieOptions {
  readonly secureCookies: SecureCookies;
  /** The origins whose pages may call with cookies, beside this server's own. */
  readonly corsOrigins: readonly string[];
}

export interface SessionCookies extends ResponseControls {
  /** The access token that the browser sent, if any. */
  readonly accessCookie: string | null;
  /** Takes away the access token alone. */
  clearAccessCookie(): void;
}

/**
 * The session's cookies as the request brought them, and a way for resolvers to set and clear them, which becomes headers
 * of the answer. Cookies that another site made the browser send count as none.
 */
export function sessionCookies(
  request: Request,
  setCookies: string[],
  { secureCookies: secure, corsOrigins }: CookieOptions,
): SessionCookies {
  const sent = isByOwnPage(request, corsOrigins) ? (request.headers.get('cookie') ?? '') : '';
  const write = (name: string, value: string, expires: Date) => {
    // Lax: sent on top-level navigation, never with another site's POST. HttpOnly: no script reads it.
    const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Expires=${expires.toUTCString()}`];
    if (secure === 'on' || (secure === 'auto' && cameByHttps(request))) attributes.push('Secure');
    setCookies.push([`${name}=${value}`, ...attributes].join('; '));
  };
  const clearAccessCookie = () => write(ACCESS, '', new Date(0));
  return {
    accessCookie: cookie(sent, ACCESS),
    refreshCookie: cookie(sent, REFRESH),
    clearAccessCookie,
    setSessionCookies({ accessToken, refreshToken, accessExpiresAt, refreshExpiresAt }) {
      write(ACCESS, accessToken, accessExpiresAt);
      write(REFRESH, refreshToken, refreshExpiresAt);
    },
    clearSessionCookies() {
      clearAccessCookie();
      write(REFRESH, '', new Date(0));
    },
  };
}

/** Believing a forged header is harmless here: it makes a cookie stricter. */
function cameByHttps(request: Request): boolean {
  const [protocol] = (request.headers.get('x-forwarded-proto') ?? '').split(',');
  return protocol?.trim() === 'https' || request.url.startsWith('https:');
}

/**
 * Whether a page of this server or of an origin on the list made the browser send this, or a person did, or it is no
 * browser. The browser says so itself; one that is too old to say so names the origin at least where it matters.
 */
function isByOwnPage({ headers }: Request, corsOrigins: readonly string[]): boolean {
  const origin = headers.get('origin');
  if (origin !== null && corsOrigins.includes(origin)) return true;
  const site = headers.get('sec-fetch-site');
  if (site !== null) return site === 'same-origin' || site === 'none';
  return origin === null || (URL.canParse(origin) && new URL(origin).host === headers.get('host'));
}

function cookie(sent: string, name: string): string | null {
  for (const pair of sent.split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value && value.length <= TOKEN_LENGTH_MAX) return value;
  }
  return null;
}
