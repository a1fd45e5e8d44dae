import type { ServerResponse } from 'node:http';
import { createGraphQLError } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { AccessLog } from '../../domains/auth/index.ts';
import { ForbiddenError, RateLimitedError } from '../../kernel/errors.ts';
import { describeForLog } from '../error-log.ts';
import type { FailureMeter } from '../failures.ts';
import { sendJson } from '../handle.ts';
import { toPublicError } from '../public-errors.ts';
import { subjectOf } from '../rate-limits.ts';
import { originOf, type RequestState } from '../request-state.ts';

/** What a refusal is written down and counted with. */
export interface RefusalDependencies {
  readonly accessLog: AccessLog;
  /** Null when failures are not limited. */
  readonly failures: FailureMeter | null;
  readonly logger: Logger;
}

/** A request that is refused, and by which field's name. */
export interface Refused {
  readonly request: Request;
  readonly response: ServerResponse;
  readonly state: RequestState;
  readonly field: string;
}

/** A refusal as every door has it; written down, and counted, like those of the other one. */
export async function refuse(
  { failures, accessLog, logger }: RefusalDependencies,
  { request, response, state, field }: Refused,
  thrown: unknown,
): Promise<void> {
  let cause = thrown;
  const { principal } = state;
  if (principal?.tenant && thrown instanceof ForbiddenError) {
    const { permission = null } = thrown.refused;
    const denial = { code: 'FORBIDDEN' as const, field, permission, reason: thrown.message };
    await accessLog.denied({ principal, origin: originOf(request) }, [denial]);
  }
  if (failures && !state.counted) {
    await failures.take(subjectOf(principal, state.sender.address)).catch((error: unknown) => {
      if (error instanceof RateLimitedError) cause = error;
    });
  }
  const { body, status, headers } = describeFailure(logger, state, cause);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  for (const cookie of state.setCookies) response.appendHeader('set-cookie', cookie);
  sendJson(response, status, body);
}

/** A failure as the caller may see it, on one line; what nobody expected goes into the log. */
export function describeFailure(logger: Logger, state: RequestState, thrown: unknown) {
  const wrapped = createGraphQLError('', { originalError: thrown as Error });
  const { error, unexpected } = toPublicError(wrapped, state.id);
  if (unexpected) logger.error({ requestId: state.id, error: describeForLog(unexpected) }, 'unexpected failure');
  const { http, ...extensions } = error.extensions as { code: string; http?: { status?: number; headers?: Record<string, string> } };
  state.codes.add(extensions.code);
  const body = JSON.stringify({ errors: [{ message: error.message, extensions }] });
  return { body, status: http?.status ?? 400, headers: http?.headers ?? {} };
}
