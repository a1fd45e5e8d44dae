import { createGraphQLError, type Plugin } from 'graphql-yoga';
import { LRUCache } from 'lru-cache';
import { type ErrorCode, RateLimitedError } from '../kernel/errors.ts';
import type { RateLimits } from '../platform/rate-limits/index.ts';
import { toPublicError } from './public-errors.ts';
import { subjectOf } from './rate-limits.ts';
import { type RequestState, stateOf, type ServerContext } from './request-state.ts';

/**
 * Counts what fails before it is executed: those who cannot be told apart by a credential by their network address, all
 * others by what they called with, so that nobody who is known has to wait for somebody else's mistakes.
 */
export interface FailureMeter {
  /** Takes one failure. @throws RateLimitedError when there is none left. */
  take(subject: string): Promise<void>;
  giveBack(subject: string): void;
  /** The refusal of a caller who is known to have none left; asks nobody. */
  refusalOf(subject: string): RateLimitedError | null;
}

/** Those who have none left, at one time. */
const REMEMBERED_MAX = 10_000;

export function createFailureMeter({ failures, settings }: RateLimits): FailureMeter {
  const text = `Too many requests have failed; ${settings.failuresPerMinute.toLocaleString('en-US')} a minute may`;
  const emptyUntil = new LRUCache<string, number>({ max: REMEMBERED_MAX });
  return {
    async take(subject) {
      const { fits, waitMs } = await failures.take(subject, 1);
      if (fits) return;
      emptyUntil.set(subject, performance.now() + waitMs);
      throw new RateLimitedError(text, waitMs);
    },
    giveBack(subject) {
      emptyUntil.delete(subject);
      void failures.take(subject, -1);
    },
    refusalOf(subject) {
      const waitMs = (emptyUntil.get(subject) ?? 0) - performance.now();
      return waitMs > 0 ? new RateLimitedError(text, waitMs) : null;
    },
  };
}

/** The failures before execution that cost the server something, or that somebody makes who guesses. */
const COUNTED: ReadonlySet<unknown> = new Set<ErrorCode>([
  'UNAUTHENTICATED',
  'API_KEY_EXPIRED',
  'USER_NOT_ACTIVE',
  'ORG_NOT_ACTIVE',
  'FORBIDDEN',
  'REQUEST_ENTITY_TOO_LARGE',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'QUERY_TOO_COMPLEX',
]);

const whose = ({ principal, sender }: RequestState): string => subjectOf(principal, sender.address);

/** Counts a request that failed before anything was executed. @throws RateLimitedError when there were too many. */
export async function countFailure(meter: FailureMeter, state: RequestState, code: unknown): Promise<void> {
  if (!state.counted && COUNTED.has(code)) await meter.take(whose(state));
}

/**
 * Counts requests that fail before they are executed. Whoever has failed too often gets no further document checked
 * until there is a failure left; one that was found right before is run all the same.
 */
export function useFailureLimit(meter: FailureMeter): Plugin<object, ServerContext> {
  const right = new WeakSet();
  return {
    onValidate({ context, params: { documentAST }, setResult }) {
      if (right.has(documentAST)) return undefined;
      const refusal = meter.refusalOf(whose(stateOf((context as { request: Request }).request)));
      if (refusal) setResult([createGraphQLError(refusal.message, { originalError: refusal })]);
      return ({ valid }) => {
        if (valid) right.add(documentAST);
      };
    },
    async onResultProcess({ request, result, setResult }) {
      const state = stateOf(request);
      if (Array.isArray(result) || !('errors' in result) || !result.errors?.length) return;
      const [first] = result.errors;
      if (!first) return;
      try {
        await countFailure(meter, state, toPublicError(first, state.id).error.extensions['code']);
      } catch (error) {
        if (!(error instanceof RateLimitedError)) throw error;
        setResult({ errors: [createGraphQLError(error.message, { originalError: error })] });
      }
    },
  };
}
