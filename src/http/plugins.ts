import { GraphQLError, type ExecutionResult } from 'graphql';
import { createGraphQLError, type Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import { ServiceUnavailableError } from '../kernel/errors.ts';
import { createScope, runInScope } from '../platform/postgres/tenancy.ts';
import type { GraphQLContext } from '../graphql/context.ts';
import { toPublicError } from './public-errors.ts';
import { stateOf } from './request-state.ts';

/** One log line for each request, the request's id and cookies on its answer, and the headers every answer has. */
export function useRequestLog(logger: Logger): Plugin {
  return {
    onRequest({ request }) {
      stateOf(request);
    },
    onResponse({ request, response }) {
      const state = stateOf(request);
      response.headers.set('x-request-id', state.id);
      response.headers.set('x-content-type-options', 'nosniff');
      response.headers.set('referrer-policy', 'no-referrer');
      response.headers.set('x-frame-options', 'DENY');
      response.headers.set('cache-control', 'no-store');
      for (const cookie of state.setCookies) response.headers.append('set-cookie', cookie);
      // Never a document, a variable, a body or a header: only who, what was called, how it went and how long it took.
      logger.info(
        {
          requestId: state.id,
          method: request.method,
          principal: state.principal && { kind: state.principal.kind, userId: state.principal.userId, credentialId: state.principal.credentialId },
          orgId: state.principal?.tenant?.orgId ?? null,
          operation: state.operation,
          status: response.status,
          codes: [...state.codes],
          durationMs: Math.round((performance.now() - state.startedAt) * 10) / 10,
        },
        'request',
      );
    },
  };
}

/**
 * JSON is the only body that is read. Forms and plain text are what a page of another site can send with a browser's
 * cookies without asking first, so refusing them is the protection against cross-site requests.
 */
export function useJsonBodies(): Plugin {
  return {
    onRequestParse({ request }) {
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type')?.split(';')[0]?.trim().toLowerCase();
      if (type === 'application/json' || type === 'application/graphql+json') return;
      throw createGraphQLError('Send the request as JSON, with "Content-Type: application/json".', {
        extensions: { code: 'BAD_REQUEST', http: { status: 415 } },
      });
    },
  };
}

/** Every failure on its way out, masked or coded; what somebody should look at goes to the log with its cause. */
export function usePublicErrors(logger: Logger): Plugin {
  return {
    onResultProcess({ request, result, setResult }) {
      if (Array.isArray(result) || !('errors' in result) || !result.errors?.length) return;
      const state = stateOf(request);
      const errors = result.errors.map((error) => {
        const wrapped = error instanceof GraphQLError ? error : new GraphQLError('unexpected', { originalError: error as Error });
        const shown = toPublicError(wrapped, state.id);
        state.codes.add(String(shown.error.extensions['code']));
        if (shown.unexpected) logger.error({ requestId: state.id, path: wrapped.path, err: shown.unexpected }, 'unexpected failure');
        return shown.error;
      });
      setResult({ ...(result as ExecutionResult), errors });
    },
  };
}

/** Runs every operation for its tenant and nobody else, and ends one that takes too long. */
export function useTenantScope(timeoutMs: number): Plugin<GraphQLContext> {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { principal } = args.contextValue;
      const scope = createScope({ orgId: principal?.tenant?.orgId ?? null, userId: principal?.userId ?? null });
      setExecuteFn((given) => runInScope(scope, () => withDeadline(executeFn(given), timeoutMs)));
    },
  };
}

async function withDeadline<Result>(work: Result | Promise<Result>, timeoutMs: number): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new ServiceUnavailableError()), timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
