import type { IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { type ExecutionArgs, type ExecutionResult, GraphQLError, parse } from 'graphql';
import type { SubscribePayload } from 'graphql-ws';
import { schema } from '../../graphql/schema.ts';
import { AppError, RateLimitedError, ServiceUnavailableError, UnauthenticatedError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { subjectOf } from '../rate-limits.ts';
import { createRequestState, type RequestState } from '../request-state.ts';
import type { Sender } from '../trusted-proxies.ts';
import { type Api, GRAPHQL_PATH } from '../yoga.ts';
import type { AccessWatch, AccessWatches } from './access-watch.ts';

export interface ConnectionParts {
  readonly api: Api;
  /** Who sends a request; counts what fails. @throws AppError */
  identify(request: Request, state: RequestState): Promise<Principal | null>;
  readonly watches: AccessWatches;
}

/** The socket of a connection, and what its server does for it. */
export interface Line {
  close(code: number, reason: string): void;
  /** Ends it without a word. */
  cut(): void;
  /** Takes one of the places of a caller, until it is closed. @throws AppError when there is none. */
  enter(caller: string, orgId: string | null): void;
  /** Results as fast as they can be sent. */
  inTurn<Result>(results: AsyncIterable<Result>): AsyncIterable<Result>;
  /** When everything was sent that was begun. */
  settled(): Promise<unknown>;
}

/** One WebSocket, as the operations that come by it see it. */
export interface Connection {
  /** Finds out who it is, by what it says or by what its browser has sent. Answers why it may not come in. */
  identify(params: Readonly<Record<string, unknown>>): Promise<AppError | null>;
  /** Does what a request with this body would do. Failures of it as a whole are a list. */
  begin(payload: SubscribePayload): Promise<ExecutionArgs | readonly GraphQLError[]>;
  /** Closes it, with the reason. */
  close(reason: AppError): void;
  /** To be told of when it is closed, by whom ever. */
  closed(): void;
}

/** What a browser or proxy says with the request that opens the connection, and what means the same in each operation. */
const KEPT_HEADERS = ['cookie', 'host', 'origin', 'sec-fetch-site', 'user-agent', 'authorization', 'x-organization-id'];
/** What a client may also say in connection_init, because a browser lets it set no headers. */
const PARAMETERS: ReadonlySet<string> = new Set(['authorization', 'x-organization-id']);
const HEADER_VALUE = /^[\x20-\x7e]{1,1000}$/;

/** What the library needs to see to take it for a subscription. */
const SUBSCRIPTION = parse('subscription { __typename }');

const FORBIDDEN = 4403;
const TRY_AGAIN_LATER = 1013;
/** So many bytes of a reason does the protocol carry. */
const LONGEST_REASON = 120;
/** So long may the last results of its subscriptions take when its caller may not go on. */
const LAST_RESULTS_MS = 5_000;

/**
 * What a WebSocket is while it is open: its credentials, those of the request that opened it and of its first message. From
 * then on it is watched whether they are still good, also while nothing is asked for. Another role is no reason to close it:
 * each operation is told who is calling.
 */
export function createConnection(
  { api, identify, watches }: ConnectionParts,
  opening: IncomingMessage,
  sender: Sender,
  { close, cut, enter, inTurn, settled }: Line,
): Connection {
  let headers: Record<string, string> = {};
  let watch: AccessWatch | null = null;
  let isClosed = false;
  for (const name of KEPT_HEADERS) {
    const value = opening.headers[name];
    if (typeof value === 'string') headers[name] = value;
  }
  const whoIs = () => identify(requestOf(api, headers, {}), createRequestState(null, sender, connection));
  const end = async (reason: AppError): Promise<void> => {
    // Its subscriptions end for the same reason, and each is to say so itself.
    await Promise.race([settled(), sleep(LAST_RESULTS_MS, undefined, { ref: false })]);
    connection.close(reason);
  };
  const connection: Connection = {
    async identify(params) {
      try {
        headers = { ...headers, ...headersIn(params) };
        const principal = await whoIs();
        if (!principal) return new UnauthenticatedError();
        // Its client may have gone meanwhile: then nobody would give the place back.
        if (isClosed) return null;
        enter(subjectOf(principal, sender.address), principal.tenant?.orgId ?? null);
        const stillThere = async () => ((await whoIs()) ? principal : null);
        watch = watches.watch({ principal, identify: stillThere, onEnd: (reason) => void end(reason) });
        return null;
      } catch (error) {
        return error instanceof AppError ? error : new ServiceUnavailableError({ cause: error });
      }
    },

    async begin(payload) {
      let answer: ExecutionResult | AsyncIterable<ExecutionResult> | undefined;
      const state = createRequestState(null, sender, connection);
      state.hangUp = cut;
      const response = await api.fetch(requestOf(api, headers, bodyOf(payload)), {
        state,
        socket: { take: (taken) => void (answer = taken) },
      });
      const result = answer ?? ((await response.json()) as ExecutionResult);
      if (Symbol.asyncIterator in result) return { schema, document: SUBSCRIPTION, contextValue: inTurn(result) };
      const errors = (result.errors ?? []).map((error) => (error instanceof GraphQLError ? error : new GraphQLError((error as Error).message, error)));
      if (errors.length > 0) return errors;
      return { schema, document: SUBSCRIPTION, contextValue: result };
    },

    close(reason) {
      const again = reason instanceof RateLimitedError || reason instanceof ServiceUnavailableError;
      close(again ? TRY_AGAIN_LATER : FORBIDDEN, `${reason.code}: ${reason.message}`.slice(0, LONGEST_REASON));
    },

    closed() {
      isClosed = true;
      watch?.stop();
    },
  };
  return connection;
}

/** The headers that a client has put into its connection_init. @throws UnauthenticatedError for what is none. */
function headersIn(params: Readonly<Record<string, unknown>>): Record<string, string> {
  const given = Object.entries(params)
    .map(([name, value]) => [name.toLowerCase(), value] as const)
    .filter(([name, value]) => PARAMETERS.has(name) && value != null);
  if (given.some(([, value]) => typeof value !== 'string' || !HEADER_VALUE.test(value))) throw new UnauthenticatedError();
  return Object.fromEntries(given) as Record<string, string>;
}

/** The protocol wants a text where a trusted document is asked for by its id: an empty one is none. */
function bodyOf({ query, ...payload }: SubscribePayload): object {
  return query === '' ? payload : { query, ...payload };
}

function requestOf(api: Api, headers: Readonly<Record<string, string>>, body: object): Request {
  return new api.fetchAPI.Request(`http://${headers['host'] ?? 'localhost'}${GRAPHQL_PATH}`, {
    method: 'POST',
    headers: { ...headers, accept: 'text/event-stream', 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}
