import type { AuthService } from '../domains/auth/index.ts';
import { AppError, UnauthenticatedError } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { accessCookie } from './session-cookies.ts';

const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/i;

/**
 * Who sends a request: an API key or access token in the Authorization header, else a session cookie, else nobody.
 * A bad Authorization header fails the request. A cookie that is no longer good counts as none: the browser sends it
 * by itself, and the page could otherwise not even sign in again.
 */
export async function authenticate(auth: AuthService, request: Request): Promise<Principal | null> {
  const organization = request.headers.get('x-organization-id');
  const header = request.headers.get('authorization');
  if (header !== null) {
    const token = BEARER.exec(header)?.[1];
    if (!token) throw new UnauthenticatedError();
    return auth.authenticate(token, organization);
  }
  const token = accessCookie(request);
  if (!token) return null;
  try {
    return await auth.authenticate(token, organization);
  } catch (error) {
    if (error instanceof AppError && error.code === 'UNAUTHENTICATED') return null;
    throw error;
  }
}
