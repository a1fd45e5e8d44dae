import { type ExecutionResult, getOperationAST, type GraphQLError } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Logger } from 'pino';
import { type ErrorCode, OutcomeUnknownError, ServiceUnavailableError } from '../kernel/errors.ts';
import { createScope, runInScope } from '../platform/postgres/tenancy.ts';
import type { GraphQLContext } from '../graphql/context.ts';
import { withDeadline } from './deadline.ts';
import { describeForLog } from './error-log.ts';
import { problemBody } from './problems.ts';
import { NOT_JSON } from './readable-requests.ts';
import { internalText, toPublicError } from './public-errors.ts';
import { commonHeaders, logRequest } from './request-log.ts';
import { mayBeCompressed } from './compression.ts';
import { type RequestState, stateOf, type ServerContext } from './request-state.ts';

/** One log line for each request, the request's id and cookies on its answer, and the headers every answer has. */
export function useRequestLog(logger: Logger): Plugin<object, ServerContext> {
  return {
    onRequest({ request, serverContext }) {
      stateOf(request, serverContext);
    },
    onExecute({ args: { document, operationName, contextValue } }) {
      const operation = getOperationAST(document, operationName);
      if (operation?.operation === 'mutation') stateOf(contextValue.request).mutated = true;
    },
    onResponse({ request, serverContext, response }) {
      const state = stateOf(request, serverContext);
      for (const [name, value] of Object.entries(commonHeaders(state))) response.headers.set(name, value);
      if (!mayBeCompressed(state, request)) response.headers.set('cache-control', 'no-store, no-transform');
      for (const cookie of state.setCookies) response.headers.append('set-cookie', cookie);
      const door = serverContext.socket ? 'websocket' : 'graphql';
      logRequest(logger, state, { door, method: request.method, status: response.status });
    },
  };
}

/** Made anew for each answer: the library writes the length of the body into what it is given. */
const jsonType = () => ({ 'content-type': 'application/json; charset=utf-8' });

/** What the library answers with a bare status. */
const REFUSALS: Readonly<Record<number, string>> = {
  415: NOT_JSON,
  404: 'There is nothing here: the endpoint is /graphql.',
  406: 'The answer is JSON: accept application/graphql-response+json or application/json.',
};

/** What the library refuses with a bare status, and what it lets fail altogether, gets a body with a code. */
export function useCodedRefusals(logger: Logger): Plugin<object, ServerContext> {
  return {
    onRequest({ requestHandler, setRequestHandler, fetchAPI }) {
      // The library would answer with the stack of whatever fails outside its own steps.
      setRequestHandler(async (request, serverContext) => {
        try {
          return await requestHandler(request, serverContext);
        } catch (error) {
          const { id, codes } = stateOf(request, serverContext);
          codes.add('INTERNAL');
          logger.error({ requestId: id, error: describeForLog(error) }, 'unexpected failure');
          return new fetchAPI.Response(problemBody('INTERNAL', internalText(id)), { status: 500, headers: jsonType() });
        }
      });
    },
    onResponse({ request, serverContext, response, setResponse, fetchAPI }) {
      if (response.status < 400 || response.body) return;
      const { status } = response;
      const code: ErrorCode = status === 404 ? 'NOT_FOUND' : 'BAD_REQUEST';
      stateOf(request, serverContext).codes.add(code);
      const body = problemBody(code, REFUSALS[status] ?? 'The request was refused.');
      setResponse(new fetchAPI.Response(body, { status, headers: jsonType() }));
    },
  };
}

/** Every failure on its way out, masked or coded; what somebody should look at goes to the log with its cause. */
export function usePublicErrors(logger: Logger): Plugin {
  return {
    onResultProcess({ request, result, setResult }) {
      if (Array.isArray(result) || !('errors' in result) || !result.errors?.length) return;
      setResult({ ...(result as ExecutionResult), errors: showErrors(result.errors, stateOf(request), logger) });
    },
  };
}

/** Failures as the caller may see them. What somebody should look at goes to the log. */
export function showErrors(errors: readonly GraphQLError[], state: RequestState, logger: Logger): GraphQLError[] {
  return errors.map((error) => {
    const shown = toPublicError(error, state.id, state.mutated);
    state.codes.add(String(shown.error.extensions['code']));
    if (shown.unexpected) {
      // The name of the field in the schema; the path has the caller's own words for it.
      const node = error.nodes?.[0];
      const field = node?.kind === 'Field' ? node.name.value : null;
      logger.error({ requestId: state.id, field, error: describeForLog(shown.unexpected) }, 'unexpected failure');
    }
    return shown.error;
  });
}

/** Runs every operation for its tenant and nobody else, and ends one that takes too long. */
export function useTenantScope(timeoutMs: number): Plugin<GraphQLContext> {
  return {
    onExecute({ args, executeFn, setExecuteFn }) {
      const { principal, request } = args.contextValue;
      const { startedAt } = stateOf(request);
      // A key acts for a member of one organization; what is the person's own is none of its business.
      const userId = principal?.kind === 'user' ? principal.userId : null;
      const scope = createScope({ orgId: principal?.tenant?.orgId ?? null, userId });
      const execute = executeFn as (given: object) => ReturnType<typeof executeFn>;
      const isMutation = getOperationAST(args.document, args.operationName)?.operation === 'mutation';
      // What was sent to the database by then may still be kept.
      const tooLate = () => (isMutation ? new OutcomeUnknownError() : new ServiceUnavailableError());
      setExecuteFn((given) =>
        // A mutation that waits in line when the time is up is never begun.
        runInScope(scope, () => withDeadline(startedAt + timeoutMs, (signal) => execute({ ...given, signal }), tooLate)),
      );
    },
  };
}
