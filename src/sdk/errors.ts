const SERVER_ERROR_CODES = [
  'UNAUTHENTICATED',
  'API_KEY_EXPIRED',
  'FORBIDDEN',
  'USER_NOT_ACTIVE',
  'ORG_NOT_ACTIVE',
  'TENANT_CONTEXT_REQUIRED',
  'NOT_FOUND',
  'VALIDATION_FAILED',
  'CONFLICT',
  'INVALID_TRANSITION',
  'RATE_LIMITED',
  'PLAN_LIMIT_EXCEEDED',
  'QUERY_TOO_COMPLEX',
  'APPEND_CONDITION_FAILED',
  'PROVISIONING_FAILED',
  'SECOND_FACTOR_REQUIRED',
  'STEP_UP_REQUIRED',
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'REQUEST_ENTITY_TOO_LARGE',
  'PERSISTED_DOCUMENT_NOT_FOUND',
  'DOCUMENT_NOT_TRUSTED',
  'BAD_REQUEST',
  'SERVICE_UNAVAILABLE',
  'OUTCOME_UNKNOWN',
  'INTERNAL',
] as const;

/** The codes that the server gives. A code keeps its meaning for ever. */
export type ServerErrorCode = (typeof SERVER_ERROR_CODES)[number];

/**
 * What went wrong before there was an answer to read:
 * - NETWORK_ERROR: the server cannot be reached, or the connection broke.
 * - TIMEOUT: no answer within `timeoutMs`, or the caller's own `AbortSignal.timeout()` ran out.
 * - ABORTED: the caller's signal was aborted.
 * - INVALID_RESPONSE: something answered, but not GraphQL.
 */
export type ClientErrorCode = 'NETWORK_ERROR' | 'TIMEOUT' | 'ABORTED' | 'INVALID_RESPONSE';

/** UNKNOWN stands for a code that is newer than this client; it is in `errors[0].extensions.code`. */
export type TenantryErrorCode = ServerErrorCode | ClientErrorCode | 'UNKNOWN';

/** One failure of an answer, as the server described it. */
export interface FailureDetail {
  readonly message: string;
  /** The field of the answer that failed. */
  readonly path?: readonly (string | number)[];
  readonly extensions?: Readonly<Record<string, unknown>>;
}

export interface TenantryErrorOptions extends ErrorOptions {
  readonly code: TenantryErrorCode;
  readonly errors?: readonly FailureDetail[];
  readonly requestId?: string | null;
  readonly status?: number | null;
  readonly data?: unknown;
}

/** Everything that this client throws about a request. Branch on `code`; the message is for people. */
export class TenantryError extends Error {
  override readonly name = 'TenantryError';
  readonly code: TenantryErrorCode;
  /** Each failure that the server told, the first of which gave `code`; empty when there was no answer. */
  readonly errors: readonly FailureDetail[];
  /** What to name when asking for help: the server's log has the request under it. Null without an answer. */
  readonly requestId: string | null;
  /** The HTTP status; null without an answer. */
  readonly status: number | null;
  /** What was answered beside the failures, for example the other rows of `nodes`; null when nothing was. */
  readonly data: unknown;

  constructor(message: string, options: TenantryErrorOptions) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = options.code;
    this.errors = options.errors ?? [];
    this.requestId = options.requestId ?? null;
    this.status = options.status ?? null;
    this.data = options.data ?? null;
  }
}

/** The code as this client knows it. */
export function toErrorCode(code: unknown): TenantryErrorCode {
  return SERVER_ERROR_CODES.find((known) => known === code) ?? 'UNKNOWN';
}
