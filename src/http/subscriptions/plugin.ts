import {
  createSourceEventStream,
  type ExecutionArgs,
  executeSubscriptionEvent,
  type ExecutionResult,
  GraphQLError,
  validateSubscriptionArgs,
} from 'graphql';
import { createGraphQLError, type FetchAPI, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { AccessLog } from '../../domains/auth/index.ts';
import type { GraphQLContext } from '../../graphql/context.ts';
import type { Principal } from '../../kernel/principal.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { accepts, JSON_RANGES, STREAM_RANGES } from '../accept.ts';
import { denialsIn, nameOf } from '../access-log.ts';
import { withDeadline } from '../deadline.ts';
import { type Asked, type LimitOptions, openTab, type ResultTab } from '../limits.ts';
import { showErrors } from '../plugins.ts';
import { subjectOf } from '../rate-limits.ts';
import { originOf, type RequestState, stateOf, type ServerContext } from '../request-state.ts';
import type { AccessWatches } from './access-watch.ts';
import { deliver, type Delivery } from './deliver.ts';
import type { LiveSubscription, Subscriptions } from './subscriptions.ts';

export interface SubscriptionOptions {
  readonly subscriptions: Subscriptions;
  readonly watches: AccessWatches;
  readonly accessLog: Pick<AccessLog, 'denied'>;
  readonly limits: LimitOptions;
  readonly logger: Logger;
  /** How long it may take to begin one, and to make one result of it, in milliseconds. */
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

type Answer = ExecutionResult | AsyncIterable<ExecutionResult>;

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
    onSubscribe({ args, setSubscribeFn, setResultAndStopExecution }) {
      if (!takesStream(args.contextValue.request)) return setResultAndStopExecution(notAcceptable(STREAMED));
      setSubscribeFn(((given: Subscribing) => begin(options, given)) as never);
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

type Subscribing = ExecutionArgs & Asked;

/**
 * Begins a subscription in the scope of its caller. What it answers is a stream, or why there is none. What happens and
 * what is made of it are two steps here, which the library has in one: only the second has a price and a deadline.
 */
async function begin(options: SubscriptionOptions, args: Subscribing): Promise<Answer> {
  const { contextValue: context } = args;
  const { principal, request } = context;
  const state = stateOf(request);
  const { timeoutMs, subscriptions } = options;
  const userId = principal?.kind === 'user' ? principal.userId : null;
  const orgId = principal?.tenant?.orgId ?? null;
  const scope = createScope({ orgId, userId });
  const { sender, connection } = state;
  const subscription = subscriptions.open({ caller: subjectOf(principal, sender.address), orgId, connection });
  context.ended = subscription.signal;
  try {
    const asked = validateSubscriptionArgs(args);
    const isAsked = 'schema' in asked;
    const answer = isAsked
      ? await runInScope(scope, () => withDeadline(state.startedAt + timeoutMs, () => createSourceEventStream(asked)))
      : { errors: asked };
    if (isAsked && principal && Symbol.asyncIterator in answer) {
      const resultOf: Delivery['resultOf'] = (event, externalAbortSignal) =>
        executeSubscriptionEvent({ ...asked, rootValue: event, externalAbortSignal });
      return stream(options, { events: answer, resultOf, tab: openTab(args, options.limits), subscription, scope, principal, request, state });
    }
    subscription.release();
    return answer as ExecutionResult;
  } catch (error) {
    subscription.release();
    throw error;
  }
}

interface Begun extends Pick<Delivery, 'events' | 'resultOf'> {
  readonly tab: ResultTab | null;
  readonly subscription: LiveSubscription;
  readonly scope: ReturnType<typeof createScope>;
  readonly principal: Principal;
  readonly request: Request;
  readonly state: RequestState;
}

function stream({ watches, accessLog, logger, identify, timeoutMs }: SubscriptionOptions, begun: Begun): AsyncIterable<ExecutionResult> {
  const { events, resultOf, tab, subscription, scope, principal, request, state } = begun;
  const watch = watches.watch({
    principal,
    identify: () => identify(request),
    onEnd: (reason) => subscription.end(reason),
  });
  /** What was written down already: what every result is refused is one refusal. */
  const refused = new Set<string>();
  const show = async (result: ExecutionResult): Promise<ExecutionResult> => {
    if (!result.errors?.length) return result;
    const denials = denialsIn(result.errors).filter((denial) => !refused.has(nameOf(denial)));
    for (const denial of denials) refused.add(nameOf(denial));
    if (denials.length > 0) await accessLog.denied({ principal, origin: originOf(request) }, denials);
    return { ...result, errors: showErrors(result.errors, state, logger) };
  };
  // That it has ended is no refusal of something that was asked for.
  const showEnd = async (reason: Error): Promise<ExecutionResult> =>
    ({ errors: showErrors([new GraphQLError(reason.message, { originalError: reason })], state, logger) });
  const onOver = (taken: number): void => {
    const { id: requestId, operation, codes, startedAt } = state;
    const durationMs = Math.round(performance.now() - startedAt);
    logger.info({ requestId, operation, orgId: scope.orgId, events: taken, codes: [...codes], durationMs }, 'subscription ended');
  };
  const { hangUp } = state;
  const delivered = deliver({ events, resultOf, tab, subscription, watch, scope, show, showEnd, onOver, hangUp, timeoutMs, unreadMs: UNREAD_MS });
  // A client may go before the answer begins: then nobody ever asks for a result, nor says that none is wanted.
  const leave = (): void => void delivered.return();
  if (request.signal.aborted) leave();
  else request.signal.addEventListener('abort', leave, { once: true });
  return delivered;
}
