import { createYoga, type YogaInitialContext, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { KeyUsage } from '../domains/api-keys/index.ts';
import type { AccessLog } from '../domains/auth/index.ts';
import type { ServiceContext } from '../domains/service-context.ts';
import { AppError, ForbiddenError } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import type { CursorCodec } from '../graphql/connections/cursor.ts';
import type { GraphQLContext, Services } from '../graphql/context.ts';
import type { OperationLimits } from '../graphql/limits/limits.ts';
import { createLoaders } from '../graphql/loaders.ts';
import { schema } from '../graphql/schema.ts';
import { useAccessLog } from './access-log.ts';
import { callerOf, useCaller } from './caller.ts';
import { corsFor, type CorsRules } from './cors.ts';
import { createDocumentCaches, useTokenLimit } from './documents.ts';
import { countFailure, type FailureMeter, useFailureLimit } from './failures.ts';
import { useLimits } from './limits.ts';
import { createNeedsNobody } from './needs-nobody.ts';
import { useCodedRefusals, usePublicErrors, useRequestLog, useTenantScope } from './plugins.ts';
import type { CallerMeter } from './rate-limits.ts';
import { useReadableRequests } from './readable-requests.ts';
import { originOf, type RequestState, stateOf, type ServerContext } from './request-state.ts';
import { type Introspection, useSchemaVisibility } from './schema-visibility.ts';
import type { CookieOptions } from './session-cookies.ts';
import type { AccessWatches } from './subscriptions/access-watch.ts';
import { useSubscriptions } from './subscriptions/plugin.ts';
import type { Subscriptions } from './subscriptions/subscriptions.ts';
import { type DocumentRules, useTrustedDocuments } from './trusted-documents.ts';

export interface ApiDependencies {
  readonly services: Services;
  readonly db: ServiceContext['db'];
  readonly events: ServiceContext['events'];
  readonly clock: ServiceContext['clock'];
  readonly accessChanged: ServiceContext['accessChanged'];
  readonly cursors: CursorCodec;
  readonly subscriptions: Subscriptions;
  readonly watches: AccessWatches;
  /** Null when callers are not limited over time. */
  readonly meter: CallerMeter | null;
  /** Null when failures are not limited. */
  readonly failures: FailureMeter | null;
  readonly accessLog: AccessLog;
  readonly keyUsage: KeyUsage;
  readonly logger: Logger;
}

export interface ApiOptions extends CorsRules, CookieOptions, DocumentRules {
  readonly introspection: Introspection;
  readonly bodyLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly operations: OperationLimits & { readonly tokens: number; readonly pageSize: number };
  /** False only in the tests that prove the other walls alone. */
  readonly schemaWall: boolean;
}

export type Api = YogaServerInstance<ServerContext, GraphQLContext>;

export const GRAPHQL_PATH = '/graphql';

/** The GraphQL endpoint, without a socket: what tests call by `fetch` and the server listens with. */
export function createApi(dependencies: ApiDependencies, options: ApiOptions): Api {
  const { logger, services, failures, accessLog, subscriptions, watches } = dependencies;
  const { requestTimeoutMs } = options;
  const limits = { operations: options.operations, meter: dependencies.meter, keyUsage: dependencies.keyUsage };
  const hasCors = options.corsOrigins.length > 0 || options.corsLocal;
  return createYoga<ServerContext, GraphQLContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    landingPage: false,
    // The server has a page of its own, so that this one is never made.
    graphiql: false,
    // No address ends like this: the library's own health check would answer for any that does.
    healthCheckEndpoint: ' ',
    batching: false,
    multipart: false,
    // Both are done by this project's own plugins, which know the request.
    logging: false,
    maskedErrors: false,
    maxRequestBodySize: options.bodyLimitBytes,
    parserAndValidationCache: { ...createDocumentCaches(), validationCache: false },
    cors: hasCors && ((request) => corsFor(request, options)),
    plugins: [
      useCodedRefusals(logger),
      useRequestLog(logger),
      useReadableRequests(),
      useCaller(services.auth, { ...options, failures, accessLog }, createNeedsNobody(options, options.operations.tokens), requestTimeoutMs),
      useTrustedDocuments(options),
      useTokenLimit(options.operations.tokens),
      useSchemaVisibility(options.introspection),
      useSubscriptions({ subscriptions, watches, accessLog, limits, logger, timeoutMs: requestTimeoutMs, identify: createIdentify(dependencies, options) }),
      useLimits(limits),
      ...(failures ? [useFailureLimit(failures)] : []),
      useAccessLog(accessLog),
      useTenantScope(requestTimeoutMs),
      usePublicErrors(logger),
    ],
    context: (initial) => createContext(dependencies, options, initial),
  });
}

/** Finds out who sends a request; a failure of that counts as one of a request. @throws AppError */
export function createIdentify(
  { services, failures, accessLog }: Pick<ApiDependencies, 'services' | 'failures' | 'accessLog'>,
  options: CookieOptions,
): (request: Request, state?: RequestState) => Promise<Principal | null> {
  return async (request, given) => {
    const state = stateOf(request, given && { state: given });
    try {
      return await callerOf(request, services.auth, { ...options, failures, accessLog }).identify();
    } catch (error) {
      if (failures && error instanceof AppError) await countFailure(failures, state, error.code);
      throw error;
    }
  };
}

/** What a request that is answered once has in place of the end of a subscription. */
const NEVER = new AbortController().signal;

function createContext(
  { services, db, events, clock, accessChanged, cursors, failures, accessLog }: ApiDependencies,
  options: ApiOptions,
  { request }: YogaInitialContext,
): GraphQLContext {
  const state = stateOf(request);
  const { cookies, identify } = callerOf(request, services.auth, { ...options, failures, accessLog });
  const origin = originOf(request);
  const context: GraphQLContext = {
    requestId: state.id,
    userAgent: origin.userAgent ?? null,
    principal: state.principal,
    origin,
    db,
    events,
    clock,
    accessChanged,
    services,
    cursors,
    pageSizeMax: options.operations.pageSize,
    rateLimit: null,
    loaders: createLoaders(),
    ended: NEVER,
    note: (act) => void state.acts.push(act),
    response: cookies,
    schemaWall: options.schemaWall,
    async renewPrincipal() {
      context.principal = sameTenant(context.principal, await identify());
    },
  };
  return context;
}

/** The caller as it is now. A request never changes its organization on the way. */
function sameTenant(before: Principal | null, now: Principal | null): Principal | null {
  if (before?.tenant?.orgId === now?.tenant?.orgId) return now;
  throw new ForbiddenError('Your access has changed since you asked: ask again.');
}
