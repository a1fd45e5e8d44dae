import type { ResponseControls } from '../graphql/context.ts';

const ACCESS = 'tenantry_access';
const REFRESH = 'tenantry_refresh';
const TOKEN_LENGTH_MAX = 200;

export type SecureCookies = 'auto' | 'on' | 'off';

/** The access token in the request's cookies, if there is one. */
export function accessCookie(request: Request): string | null {
  return cookie(request, ACCESS);
}

export interface SessionCookies extends ResponseControls {
  /** Takes away the access token alone. */
  clearAccessCookie(): void;
}

/** Lets resolvers set and clear the session's cookies, which become headers of the answer. */
export function sessionCookies(request: Request, setCookies: string[], secure: SecureCookies): SessionCookies {
  const write = (name: string, value: string, expires: Date) => {
    // Lax: sent on top-level navigation, never with another site's POST. HttpOnly: no script reads it.
    const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Expires=${expires.toUTCString()}`];
    if (secure === 'on' || (secure === 'auto' && cameByHttps(request))) attributes.push('Secure');
    setCookies.push([`${name}=${value}`, ...attributes].join('; '));
  };
  const clearAccessCookie = () => write(ACCESS, '', new Date(0));
  return {
    refreshCookie: cookie(request, REFRESH),
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

function cookie(request: Request, name: string): string | null {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value && value.length <= TOKEN_LENGTH_MAX) return value;
  }
  return null;
}
