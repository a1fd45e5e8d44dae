import { createYoga, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { ServiceContext } from '../domains/service-context.ts';
import { createLoaders } from '../graphql/loaders.ts';
import type { CursorCodec } from '../graphql/connections/cursor.ts';
import type { GraphQLContext, Services } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import { authenticate } from './authenticate.ts';
import { graphiqlOptions, renderGraphiQL } from './graphiql.ts';
import { useJsonBodies, usePublicErrors, useRequestLog, useTenantScope } from './plugins.ts';
import { stateOf } from './request-state.ts';
import { sessionCookies, type SecureCookies } from './session-cookies.ts';

export interface ApiDependencies {
  readonly services: Services;
  readonly db: ServiceContext['db'];
  readonly clock: ServiceContext['clock'];
  readonly accessChanged: ServiceContext['accessChanged'];
  readonly cursors: CursorCodec;
  readonly logger: Logger;
}

export interface ApiOptions {
  readonly graphiql: boolean;
  readonly corsOrigins: readonly string[];
  readonly bodyLimitBytes: number;
  readonly requestTimeoutMs: number;
  readonly secureCookies: SecureCookies;
  /** False only in the tests that prove the other walls alone. */
  readonly schemaWall: boolean;
}

export type Api = YogaServerInstance<object, GraphQLContext>;

/** The GraphQL endpoint, without a socket: what tests call by `fetch` and the server listens with. */
export function createApi(dependencies: ApiDependencies, options: ApiOptions): Api {
  const { services, db, clock, accessChanged, cursors, logger } = dependencies;
  return createYoga<object, GraphQLContext>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    batching: false,
    multipart: false,
    // Both are done by this project's own plugins, which know the request.
    logging: false,
    maskedErrors: false,
    maxRequestBodySize: options.bodyLimitBytes,
    cors: options.corsOrigins.length > 0 ? { origin: [...options.corsOrigins], credentials: true, exposedHeaders: ['x-request-id'] } : false,
    graphiql: options.graphiql ? graphiqlOptions : false,
    renderGraphiQL,
    plugins: [useRequestLog(logger), useJsonBodies(), useTenantScope(options.requestTimeoutMs), usePublicErrors(logger)],
    context: async ({ request, params }): Promise<GraphQLContext> => {
      const state = stateOf(request);
      state.operation = params?.operationName?.slice(0, 100) ?? null;
      const principal = await authenticate(services.auth, request);
      state.principal = principal;
      return {
        requestId: state.id,
        userAgent: request.headers.get('user-agent')?.slice(0, 500) ?? null,
        principal,
        db,
        clock,
        accessChanged,
        services,
        cursors,
        loaders: createLoaders(),
        response: sessionCookies(request, state.setCookies, options.secureCookies),
        schemaWall: options.schemaWall,
      };
    },
  });
}
