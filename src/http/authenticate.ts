import type { AuthService, KeyWatch, Whence } from '../domains/auth/index.ts';
import { AppError, UnauthenticatedError } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import type { SessionCookies } from './session-cookies.ts';

const BEARER = /^Bearer ([\x21-\x7e]{1,200})$/i;
/** What a form sends whose field for the token is empty: nothing was presented. */
const EMPTY = /^(Bearer)?$/i;

/** The API key or token of the Authorization header, if there is one that can be read. */
export const bearerOf = ({ headers }: Request): string | undefined => BEARER.exec(headers.get('authorization')?.trim() ?? '')?.[1];

/**
 * Who sends a request: an API key or access token in the Authorization header, else a session cookie, else nobody.
 * A bad Authorization header fails the request. A cookie that is no longer good counts as none: the browser sends it
 * by itself, and the page could otherwise not even sign in again. For the same reason it is taken away when its person
 * may not come in any more.
 *
 * @param watch what its `beforeWork` throws fails the request.
 * @param address the network address of the sender.
 */
export async function authenticate(
  auth: AuthService,
  request: Request,
  cookies: SessionCookies,
  watch: KeyWatch,
  address: string | null,
): Promise<Principal | null> {
  const from: Whence = { address, origin: request.headers.get('origin') };
  const organization = request.headers.get('x-organization-id');
  const header = request.headers.get('authorization')?.trim() ?? '';
  if (!EMPTY.test(header)) {
    const token = bearerOf(request);
    if (!token) throw new UnauthenticatedError();
    return auth.authenticate(token, organization, watch, from);
  }
  const token = cookies.accessCookie;
  if (!token) return null;
  try {
    return await auth.authenticate(token, organization, watch, from);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'UNAUTHENTICATED') return null;
    // With a header the organization may be at fault, and the page can choose another one.
    if (organization === null) cookies.clearAccessCookie();
    throw error;
  }
}
