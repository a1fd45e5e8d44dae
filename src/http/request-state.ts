import { randomUUID } from 'node:crypto';
import type { Principal } from '../kernel/principal.ts';

/** What is known of one request while it is answered: for the log line and the headers of the answer. */
export interface RequestState {
  readonly id: string;
  readonly startedAt: number;
  readonly setCookies: string[];
  /** The codes of the failures in the answer, for the log. */
  readonly codes: Set<string>;
  principal: Principal | null;
  operation: string | null;
}

const ACCEPTED_ID = /^[A-Za-z0-9._-]{1,128}$/;

/**
 * The state of a request that has just come. The caller's X-Request-Id is kept when it is short and plain: it goes into
 * log lines and headers, so nothing else is let in.
 */
export function createRequestState(sentId: string | null | undefined): RequestState {
  const id = sentId && ACCEPTED_ID.test(sentId) ? sentId : randomUUID();
  return { id, startedAt: performance.now(), setCookies: [], codes: new Set(), principal: null, operation: null };
}

const states = new WeakMap<Request, RequestState>();

/** The state of a request, made when it is first asked for. */
export function stateOf(request: Request): RequestState {
  let state = states.get(request);
  if (!state) states.set(request, (state = createRequestState(request.headers.get('x-request-id'))));
  return state;
}
