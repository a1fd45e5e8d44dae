import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { type AccessLog, type AuthService, isAccessToken } from '../domains/auth/index.ts';
import { UnauthenticatedError } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { authenticate, bearerOf } from './authenticate.ts';
import { withDeadline } from './deadline.ts';
import type { FailureMeter } from './failures.ts';
import { subjectOf } from './rate-limits.ts';
import { originOf, stateOf, type ServerContext } from './request-state.ts';
import { type CookieOptions, sessionCookies, type SessionCookies } from './session-cookies.ts';

/** A request's credentials, and what they say now. */
export interface Caller {
  readonly cookies: SessionCookies;
  /** Asks again who is calling. */
  identify(): Promise<Principal | null>;
}

/** How callers are identified. */
export interface CallerOptions extends CookieOptions {
  /** Null when failures are not limited. */
  readonly failures: FailureMeter | null;
  /** Told what became of the keys that are presented, and of sessions that have to show more first. */
  readonly accessLog: Pick<AccessLog, 'presented' | 'denied'>;
}

/**
 * The caller of a request, whose cookies are read and set as `options` say. A failure of the network address is taken
 * before a key is verified, because that takes long, and given back when the key was good.
 */
export function callerOf(request: Request, auth: AuthService, options: CallerOptions): Caller {
  const state = stateOf(request);
  const cookies = sessionCookies(request, state.setCookies, options);
  const address = subjectOf(null, state.sender.address);
  return {
    cookies,
    async identify() {
      let taken = false;
      const principal = await authenticate(auth, request, cookies, {
        async beforeWork() {
          await options.failures?.take(address);
          state.counted = taken = true;
        },
        onKey: (key) => options.accessLog.presented(key, originOf(request)),
        onKeptOut: (principal, { message: reason }) =>
          options.accessLog.denied({ principal, origin: originOf(request) }, [{ code: 'SECOND_FACTOR_REQUIRED', field: null, permission: null, reason }]),
      }, state.sender.address);
      if (taken && principal) {
        options.failures?.giveBack(address);
        state.counted = false;
      }
      return principal;
    },
  };
}

/**
 * Finds out who calls before anything is done with the document: whether it may be looked up, what its errors may tell
 * and what it is counted against depend on it. An access token that is over, or of no session, counts as none with a
 * request that needs nobody.
 */
export function useCaller(
  auth: AuthService,
  options: CallerOptions,
  needsNobody: (params: GraphQLParams) => boolean,
  timeoutMs: number,
): Plugin<object, ServerContext> {
  return {
    async onParams({ request, params }) {
      const state = stateOf(request);
      state.operation = operationName(params?.operationName);
      const { identify } = callerOf(request, auth, options);
      try {
        state.principal = await withDeadline(state.startedAt + timeoutMs, identify);
      } catch (error) {
        const isOver = error instanceof UnauthenticatedError && isAccessToken(bearerOf(request) ?? '');
        if (!isOver || !needsNobody(params)) throw error;
      }
    },
  };
}

/** The name that the caller gives the operation, for the log, if it is one that GraphQL allows. */
function operationName(sent: unknown): string | null {
  return typeof sent === 'string' && /^[_A-Za-z]\w{0,99}$/.test(sent) ? sent : null;
}
