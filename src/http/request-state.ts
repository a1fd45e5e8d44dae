import { randomUUID } from 'node:crypto';
import type { ExecutionResult } from 'graphql';
import type { NotedAct } from '../graphql/context.ts';
import type { Origin } from '../kernel/origin.ts';
import type { Principal } from '../kernel/principal.ts';
import type { Sender } from './trusted-proxies.ts';

/** What is known of one request while it is answered: for the log line and the headers of the answer. */
export interface RequestState {
  readonly id: string;
  readonly sender: Sender;
  readonly startedAt: number;
  readonly setCookies: string[];
  /** The codes of the failures in the answer, for the log. */
  readonly codes: Set<string>;
  /** What was done outside of any organization, for the log. */
  readonly acts: NotedAct[];
  /** The WebSocket that it came by; null for a request of its own. */
  readonly connection: object | null;
  /** Cuts its connection off. */
  hangUp: () => void;
  principal: Principal | null;
  operation: string | null;
  /** Whether the answer may tell a secret that was just made: a mutation ran. */
  mutated: boolean;
  /** Whether the request is counted already against what its caller may do: it is not counted as a failure then. */
  counted: boolean;
}

const ACCEPTED_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The sender of what comes without a socket. */
const NOBODY_KNOWN: Sender = { address: null, secure: false };

/**
 * The state of a request that has just come. The caller's X-Request-Id is kept when it is short and plain: it goes into
 * log lines and headers, so nothing else is let in.
 */
export function createRequestState(sentId: string | null | undefined, sender = NOBODY_KNOWN, connection: object | null = null): RequestState {
  const id = sentId && ACCEPTED_ID.test(sentId) ? sentId : randomUUID();
  const startedAt = performance.now();
  return { id, sender, startedAt, setCookies: [], codes: new Set(), acts: [], connection, hangUp: () => undefined, principal: null, operation: null, mutated: false, counted: false };
}

/** What the listener hands to the GraphQL endpoint with a request. */
export interface ServerContext {
  readonly state?: RequestState;
  /** Takes what is answered in place of a response, for an operation that came by a WebSocket. */
  readonly socket?: { take(answer: ExecutionResult | AsyncIterable<ExecutionResult>): void };
}

const states = new WeakMap<Request, RequestState>();

/** The state of a request: the one that the listener made, or one made when it is first asked for. */
export function stateOf(request: Request, { state: given }: ServerContext = {}): RequestState {
  let state = states.get(request);
  if (!state) states.set(request, (state = given ?? createRequestState(request.headers.get('x-request-id'))));
  return state;
}

const LONGEST_USER_AGENT = 500;

const origins = new WeakMap<Request, Origin>();

/** Where a request comes from, the same object for all of it: what is written down of the request stands beside it. */
export function originOf(request: Request): Origin {
  const known = origins.get(request);
  if (known) return known;
  const { id: correlationId, sender } = stateOf(request);
  const userAgent = request.headers.get('user-agent')?.slice(0, LONGEST_USER_AGENT) ?? null;
  const origin: Origin = { source: 'api', ip: sender.address, userAgent, correlationId };
  origins.set(request, origin);
  return origin;
}
