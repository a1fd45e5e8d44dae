import { type ExecutionResult, GraphQLError } from 'graphql';
import { createGraphQLError, type FetchAPI, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { GraphQLContext } from '../../graphql/context.ts';
import type { AppError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { accepts, JSON_RANGES, STREAM_RANGES } from '../accept.ts';
import { withDeadline } from '../deadline.ts';
import { showErrors } from '../plugins.ts';
import { subjectOf } from '../rate-limits.ts';
import { type RequestState, stateOf, type ServerContext } from '../request-state.ts';
import type { AccessWatches } from './access-watch.ts';
import { deliver } from './deliver.ts';
import type { LiveSubscription, Subscriptions } from './subscriptions.ts';

export interface SubscriptionOptions {
  readonly subscriptions: Subscriptions;
  readonly watches: AccessWatches;
  readonly logger: Logger;
  /** How long it may take to begin one. */
  readonly timeoutMs: number;
  /** Who sends a request, asked anew. */
  identify(request: Request): Promise<Principal | null>;
}

const EVENT_STREAM = 'text/event-stream';
/** A subscriber who takes nothing of what is there for as long is cut off. */
const UNREAD_MS = 60_000;

const notAcceptable = (message: string): ExecutionResult => ({
  errors: [createGraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status: 406 } } })],
});
const ONCE = 'Queries and mutations are answered once: send them by POST, and accept application/json.';
const STREAMED = `Subscriptions are answered by a stream: accept ${EVENT_STREAM}, or use a WebSocket.`;

type Results = AsyncIterable<ExecutionResult>;
type Answer = ExecutionResult | Results;

const isStream = (answer: unknown): answer is Results => Symbol.asyncIterator in (answer as object);
const takesJson = ({ headers }: Request): boolean => accepts(headers.get('accept'), JSON_RANGES);
const takesStream = ({ headers }: Request): boolean => accepts(headers.get('accept'), STREAM_RANGES);

/**
 * Answers subscriptions with streams, and only subscriptions: for their tenant and nobody else, within the bounds of
 * their caller, and for as long as the caller is who it was.
 */
export function useSubscriptions(options: SubscriptionOptions): Plugin<GraphQLContext, ServerContext> {
  return {
    onExecute({ args, setResultAndStopExecution }) {
      if (!takesJson(args.contextValue.request)) setResultAndStopExecution(notAcceptable(ONCE));
    },
    onSubscribe({ args, subscribeFn, setSubscribeFn, setResultAndStopExecution }) {
      const { contextValue } = args;
      if (!takesStream(contextValue.request)) return setResultAndStopExecution(notAcceptable(STREAMED));
      const subscribe = subscribeFn as (given: object) => Answer | Promise<Answer>;
      setSubscribeFn(((given: object) => begin(options, contextValue, () => subscribe(given))) as never);
    },
    onResultProcess({ request, result, serverContext, setResultProcessor }) {
      const { socket } = serverContext;
      if (socket) {
        setResultProcessor((answer, fetchAPI) => {
          socket.take(answer as Answer);
          return new fetchAPI.Response(null, { status: 204 });
        }, EVENT_STREAM);
      } else if (!takesJson(request) && isRefusedOnce(result)) {
        setResultProcessor((answer, fetchAPI) => jsonResponse(answer as ExecutionResult, fetchAPI), 'application/json');
      }
    },
    onResponse({ response }) {
      if (response.headers.get('content-type') !== EVENT_STREAM) return;
      // Neither this server nor a proxy is to hold events back until there are enough of them to be packed.
      response.headers.set('cache-control', 'no-store, no-transform');
      response.headers.set('x-accel-buffering', 'no');
      response.headers.delete('content-encoding');
    },
  };
}

/** Whether it is the refusal of something that is no subscription: no stream ever comes of that. */
function isRefusedOnce(result: unknown): boolean {
  const { errors } = result as ExecutionResult;
  return errors?.[0]?.message === ONCE;
}

function jsonResponse(answer: ExecutionResult, { Response }: FetchAPI): Response {
  const errors = answer.errors?.map(({ message, extensions: { code } }) => ({ message, extensions: { code } }));
  return new Response(JSON.stringify({ errors }), { status: 406, headers: { 'content-type': 'application/json; charset=utf-8' } });
}

type Context = GraphQLContext & { readonly request: Request };

/** Begins a subscription in the scope of its caller. What it answers is a stream, or why there is none. */
async function begin(options: SubscriptionOptions, context: Context, subscribe: () => Answer | Promise<Answer>): Promise<Answer> {
  const { principal, request } = context;
  const state = stateOf(request);
  const { timeoutMs, subscriptions } = options;
  const userId = principal?.kind === 'user' ? principal.userId : null;
  const scope = createScope({ orgId: principal?.tenant?.orgId ?? null, userId });
  const subscription = subscriptions.open(subjectOf(principal, state.sender.address), state.connection);
  context.ended = subscription.signal;
  try {
    const results = await runInScope(scope, () => withDeadline(state.startedAt + timeoutMs, subscribe));
    if (principal && isStream(results)) return stream(options, { results, subscription, scope, principal, request, state });
    subscription.release();
    return results;
  } catch (error) {
    subscription.release();
    throw error;
  }
}

interface Begun {
  readonly results: Results;
  readonly subscription: LiveSubscription;
  readonly scope: ReturnType<typeof createScope>;
  readonly principal: Principal;
  readonly request: Request;
  readonly state: RequestState;
}

function stream({ watches, logger, identify }: SubscriptionOptions, begun: Begun): Results {
  const { results, subscription, scope, principal, request, state } = begun;
  const watch = watches.watch({
    principal,
    identify: () => identify(request),
    onEnd: (reason) => subscription.end(reason),
  });
  const show = (result: ExecutionResult): ExecutionResult =>
    result.errors?.length ? { ...result, errors: showErrors(result.errors, state, logger) } : result;
  const showEnd = (reason: AppError): ExecutionResult =>
    show({ errors: [new GraphQLError(reason.message, { originalError: reason })] });
  const onOver = (events: number): void => {
    const { id: requestId, operation, codes, startedAt } = state;
    const durationMs = Math.round(performance.now() - startedAt);
    logger.info({ requestId, operation, orgId: scope.orgId, events, codes: [...codes], durationMs }, 'subscription ended');
  };
  const delivered = deliver({ results, subscription, watch, scope, show, showEnd, onOver, hangUp: state.hangUp, unreadMs: UNREAD_MS });
  // A client may go before the answer begins: then nobody ever asks for a result, nor says that none is wanted.
  const leave = (): void => void delivered.return();
  if (request.signal.aborted) leave();
  else request.signal.addEventListener('abort', leave, { once: true });
  return delivered;
}
