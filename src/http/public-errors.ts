import { GraphQLError } from 'graphql';
import {
  AppError,
  type ErrorCode,
  ForbiddenError,
  RateLimitedError,
  OutcomeUnknownError,
  ServiceUnavailableError,
  TenantViolationError,
  ValidationError,
} from '../kernel/errors.ts';
import { isOutcomeUnknown, isTransientFailure, isUnstorableValue } from '../platform/postgres/adapter/index.ts';

/** A failure as the caller may see it, and what the log should hold of it. */
export interface PublicError {
  readonly error: GraphQLError;
  /** The cause, when it is a defect or an outage and somebody should look. */
  readonly unexpected: unknown;
}

/**
 * Turns whatever was thrown into what the caller may see. What has a code keeps it; what GraphQL itself says about a
 * document or its variables is the caller's to mend and is passed on; everything else is masked, with the request id
 * under which the log has the cause.
 *
 * @param isMutation what fails below a field of a mutation fails when its change is made and is read back.
 */
export function toPublicError(error: GraphQLError, requestId: string, isMutation = false): PublicError {
  const thrown = rootCause(error);
  if (thrown instanceof TenantViolationError) return masked(error, requestId, thrown);
  if (thrown instanceof AppError) return { error: coded(error, thrown), unexpected: null };
  if (isOutcomeUnknown(thrown)) return { error: coded(error, new OutcomeUnknownError()), unexpected: thrown };
  if (isTransientFailure(thrown)) {
    const isReadBack = isMutation && error.path !== undefined && error.path.length > 1;
    const failure = isReadBack ? new OutcomeUnknownError() : new ServiceUnavailableError();
    return { error: coded(error, failure), unexpected: thrown };
  }
  if (isUnstorableValue(thrown)) return { error: coded(error, unstorable()), unexpected: null };
  const code = thrown instanceof GraphQLError && LIBRARY_CODES[String(thrown.extensions['code'])];
  if (code) return { error: fromLibrary(error, thrown, code), unexpected: null };
  // A value that a scalar refuses: the scalar's own error lies beneath the text about the variable.
  if (isInputError(error, thrown)) return { error: placed(error, inputText(error), 'VALIDATION_FAILED'), unexpected: null };
  return masked(error, requestId, thrown);
}

/** The error that began it, below GraphQL's own wrappers. */
export function rootCause(error: GraphQLError): unknown {
  let cause: unknown = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

/** Whether it is about a variable, which is read before any resolver runs, or about an argument that has one in it. */
function isInputError({ path, message }: GraphQLError, thrown: unknown): boolean {
  if (path === undefined) return /^(Variable "\$|Too many errors processing variables)/.test(message);
  return thrown instanceof GraphQLError && message.startsWith('Argument "');
}

/**
 * The text about a variable without its value: clients note the texts of errors, and the value may hold a password. The
 * text is the variable, the value, the place in it, and the reason with the value once more.
 */
function inputText({ message, originalError }: GraphQLError): string {
  const reason = originalError?.message ?? '';
  const variable = /^Variable "\$\w+"/.exec(message)?.[0];
  if (!variable || !reason || !message.endsWith(reason)) return message;
  const place = / at "[^"]{1,200}"(?=; $)/.exec(message.slice(0, -reason.length))?.[0] ?? '';
  return `${variable}${place}: ${reason.replace(/,? ?found: [^]*$/, '.')}`;
}

const unstorable = () =>
  new AppError(
    'VALIDATION_FAILED',
    'A value cannot be stored: no text may hold NUL characters, and no time be before the year 1.',
  );

/** The status of a request that failed as a whole, in an answer of type application/graphql-response+json. */
const STATUSES: Partial<Record<ErrorCode, number>> = {
  UNAUTHENTICATED: 401,
  API_KEY_EXPIRED: 401,
  FORBIDDEN: 403,
  USER_NOT_ACTIVE: 403,
  ORG_NOT_ACTIVE: 403,
  STEP_UP_REQUIRED: 403,
  SECOND_FACTOR_REQUIRED: 403,
  RATE_LIMITED: 429,
  INTERNAL: 500,
  SERVICE_UNAVAILABLE: 503,
  OUTCOME_UNKNOWN: 504,
};

/** Whether the failure is one of GraphQL: what is no GraphQL request has its status whatever the client takes. */
const isGraphQLRequest = (code: ErrorCode): boolean => code !== 'BAD_REQUEST';

/**
 * The error in its place. A request that failed as a whole gets a status; `spec` keeps the 200 that the specification
 * asks for when the client takes application/json only.
 */
function placed(error: GraphQLError, message: string, code: ErrorCode, more: object = {}): GraphQLError {
  const http = error.path === undefined ? { http: { status: STATUSES[code] ?? 400, spec: isGraphQLRequest(code) } } : {};
  const { nodes, path, source, positions } = error;
  return new GraphQLError(message, {
    nodes: nodes ?? null,
    path: path ?? null,
    source: source ?? null,
    positions: positions ?? null,
    extensions: { code, ...http, ...more },
  });
}

function coded(error: GraphQLError, failure: AppError): GraphQLError {
  if (failure instanceof RateLimitedError) return rateLimited(error, failure);
  return placed(error, failure.message, failure.code, detailsOf(failure));
}

/** What a program may want to know besides the code. */
function detailsOf(failure: AppError): object {
  if (failure instanceof ValidationError) return { fields: failure.fields };
  const permission = failure instanceof ForbiddenError ? failure.refused.permission : undefined;
  return permission === undefined ? {} : { permission };
}

/** With the header that every client of HTTP knows, and its status whatever the client takes: nothing was begun. */
function rateLimited(error: GraphQLError, { message, code, retryAfterSeconds }: RateLimitedError): GraphQLError {
  const status = error.path === undefined ? { status: STATUSES[code] } : {};
  if (retryAfterSeconds === null) return placed(error, message, code, { http: status });
  const headers = { 'retry-after': String(retryAfterSeconds) };
  return placed(error, message, code, { retryAfter: retryAfterSeconds, http: { ...status, headers } });
}

/** The codes that the library below gives, and what they are called here. */
const LIBRARY_CODES: Readonly<Record<string, ErrorCode>> = {
  GRAPHQL_PARSE_FAILED: 'GRAPHQL_PARSE_FAILED',
  GRAPHQL_VALIDATION_FAILED: 'GRAPHQL_VALIDATION_FAILED',
  REQUEST_ENTITY_TOO_LARGE: 'REQUEST_ENTITY_TOO_LARGE',
  BAD_REQUEST: 'BAD_REQUEST',
  OPERATION_RESOLUTION_FAILURE: 'BAD_REQUEST',
  QUERY_TOO_COMPLEX: 'QUERY_TOO_COMPLEX',
};

function fromLibrary(error: GraphQLError, { message, extensions }: GraphQLError, code: ErrorCode): GraphQLError {
  const { http } = extensions;
  // Nothing else of the extensions: the libraries below put the text and stack of their own errors there.
  return placed(error, message, code, http ? { http: isGraphQLRequest(code) ? http : { ...http, spec: false } } : {});
}

/** The text of a failure that the caller is told nothing about. */
export function internalText(requestId: string): string {
  return `Something went wrong on our side. It was noted under request id ${requestId}.`;
}

function masked(error: GraphQLError, requestId: string, thrown: unknown): PublicError {
  return { error: placed(error, internalText(requestId), 'INTERNAL', { requestId }), unexpected: thrown };
}
