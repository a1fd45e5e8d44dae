import type { ResponseControls } from '../graphql/context.ts';

const ACCESS = 'tenantry_access';
const REFRESH = 'tenantry_refresh';
const REFRESH_LENGTH_MAX = 200;

export type SecureCookies = 'auto' | 'on' | 'off';

/** The access token in the request's cookies, if there is one. */
export function accessCookie(request: Request): string | null {
  return cookie(request, ACCESS);
}

/** Lets resolvers set and clear the session's cookies, which become headers of the answer. */
export function sessionCookies(request: Request, setCookies: string[], secure: SecureCookies): ResponseControls {
  const write = (name: string, value: string, expires: Date) => {
    // Lax: sent on top-level navigation, never with another site's POST. HttpOnly: no script reads it.
    const attributes = ['Path=/', 'HttpOnly', 'SameSite=Lax', `Expires=${expires.toUTCString()}`];
    if (secure === 'on' || (secure === 'auto' && cameByHttps(request))) attributes.push('Secure');
    setCookies.push([`${name}=${value}`, ...attributes].join('; '));
  };
  return {
    refreshCookie: cookie(request, REFRESH),
    setSessionCookies({ accessToken, refreshToken, accessExpiresAt, refreshExpiresAt }) {
      write(ACCESS, accessToken, accessExpiresAt);
      write(REFRESH, refreshToken, refreshExpiresAt);
    },
    clearSessionCookies() {
      write(ACCESS, '', new Date(0));
      write(REFRESH, '', new Date(0));
    },
  };
}

function cameByHttps(request: Request): boolean {
  return request.headers.get('x-forwarded-proto') === 'https' || request.url.startsWith('https:');
}

function cookie(request: Request, name: string): string | null {
  for (const pair of (request.headers.get('cookie') ?? '').split(';')) {
    const [key, value] = pair.trim().split('=', 2);
    if (key === name && value && value.length <= REFRESH_LENGTH_MAX) return value;
  }
  return null;
}
