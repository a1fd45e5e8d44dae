/**
 * Every code that a caller can see, on any door. A code is a promise: clients branch on it, so it never changes its
 * meaning. The texts beside the codes are for people.
 */
export type ErrorCode =
  | 'UNAUTHENTICATED'
  | 'API_KEY_EXPIRED'
  | 'FORBIDDEN'
  | 'USER_NOT_ACTIVE'
  | 'ORG_NOT_ACTIVE'
  | 'TENANT_CONTEXT_REQUIRED'
  | 'NOT_FOUND'
  | 'VALIDATION_FAILED'
  | 'CONFLICT'
  | 'INVALID_TRANSITION'
  | 'RATE_LIMITED'
  | 'PLAN_LIMIT_EXCEEDED'
  | 'QUERY_TOO_COMPLEX'
  | 'APPEND_CONDITION_FAILED'
  | 'PROVISIONING_FAILED'
  | 'STEP_UP_REQUIRED'
  | 'SECOND_FACTOR_REQUIRED'
  | 'GRAPHQL_PARSE_FAILED'
  | 'GRAPHQL_VALIDATION_FAILED'
  | 'REQUEST_ENTITY_TOO_LARGE'
  | 'PERSISTED_DOCUMENT_NOT_FOUND'
  | 'DOCUMENT_NOT_TRUSTED'
  | 'BAD_REQUEST'
  | 'SERVICE_UNAVAILABLE'
  | 'OUTCOME_UNKNOWN'
  | 'INTERNAL';

/** A failure with a public code and a public text. Whatever must stay inside goes into `cause`, which is only logged. */
export class AppError extends Error {
  readonly code: ErrorCode;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** Nobody is signed in, or the credential is not (or no longer) good. One text for every reason a caller may not learn. */
export class UnauthenticatedError extends AppError {
  constructor(message = 'Not signed in, or the key or token is not valid: send "Authorization: Bearer <API key or access token>".') {
    super('UNAUTHENTICATED', message);
  }
}

/** What a refusal is written down with. */
interface Refused {
  /** The permission that is lacking, when it is that: the caller is told it, because it depends on nothing but what was asked for. */
  readonly permission?: string;
  /** The field that was refused, as `Type.field`, where it is known. */
  readonly field?: string;
}

/** The caller is known and may not do this. Without a text of its own it names the permission that is lacking. */
export class ForbiddenError extends AppError {
  readonly refused: Refused;
  constructor(message?: string, refused: Refused = {}) {
    super('FORBIDDEN', message ?? lacking(refused.permission));
    this.refused = refused;
  }
}

function lacking(permission: string | undefined): string {
  if (permission === undefined) return 'You are not allowed to do this.';
  if (permission === 'platform:admin') return 'Only an administrator of the platform can do this.';
  return `You need the permission ${permission} for this: ask for a role that has it, or for an API key with it among its scopes.`;
}

/** The caller may do this, but has to prove once more to be there. */
export class StepUpRequiredError extends AppError {
  readonly refused: Refused;
  constructor(refused: Refused = {}) {
    super('STEP_UP_REQUIRED', 'Prove once more that it is you: call stepUp, then try again.');
    this.refused = refused;
  }
}

/** A tenant-scoped operation was asked for without an organization. */
export class TenantContextError extends AppError {
  constructor(message = 'Choose an organization: send its id in the X-Organization-Id header.') {
    super('TENANT_CONTEXT_REQUIRED', message);
  }
}

/**
 * A wall between tenants was touched from inside: code asked for another organization's data. This is a defect of the
 * server, so the caller sees a masked INTERNAL and the log gets the text.
 */
export class TenantViolationError extends AppError {
  constructor(message: string) {
    super('INTERNAL', message);
  }
}

/** The thing does not exist, or belongs to somebody else: the two are answered alike. */
export class NotFoundError extends AppError {
  constructor(what: string) {
    super('NOT_FOUND', `${what} not found.`);
  }
}

/** One input field and what is wrong with it; `path` counts from the `input` argument, for example ["email"]. */
export interface FieldProblem {
  readonly path: readonly string[];
  readonly message: string;
}

/** The input is not acceptable; says which fields and what would be. */
export class ValidationError extends AppError {
  readonly fields: readonly FieldProblem[];
  constructor(fields: readonly FieldProblem[]) {
    super('VALIDATION_FAILED', fields.map((field) => `${field.path.join('.')}: ${field.message}`).join('; '));
    this.fields = fields;
  }
  static of(path: string, message: string): ValidationError {
    return new ValidationError([{ path: path.split('.'), message }]);
  }
}

/** What is asked for collides with what exists. */
export class ConflictError extends AppError {
  constructor(message: string) {
    super('CONFLICT', message);
  }
}

/** The state the thing is in does not allow this move. */
export class InvalidTransitionError extends AppError {
  readonly from: string;
  readonly to: string;
  constructor(what: string, from: string, to: string) {
    super('INVALID_TRANSITION', `${what} cannot go from ${from} to ${to}.`);
    this.from = from;
    this.to = to;
  }
}

/** Too much within a time, or too many attempts. Nothing was done. */
export class RateLimitedError extends AppError {
  /** Whole seconds, at least 1; null when waiting is of no use, because it is too much for any time. */
  readonly retryAfterSeconds: number | null;
  /** @param what what there was too much of, as a sentence without its end. */
  constructor(what: string, wait: number | { readonly insteadOfWaiting: string }) {
    const seconds = typeof wait === 'number' ? Math.max(1, Math.ceil(wait / 1000)) : null;
    const cure = typeof wait === 'number' ? `try again in ${seconds} ${seconds === 1 ? 'second' : 'seconds'}` : wait.insteadOfWaiting;
    super('RATE_LIMITED', `${what}: ${cure}.`);
    this.retryAfterSeconds = seconds;
  }
}

/** The database (or another part this server needs) cannot answer now; trying again later may work. */
export class ServiceUnavailableError extends AppError {
  constructor(options?: ErrorOptions) {
    super('SERVICE_UNAVAILABLE', 'The service cannot answer right now. Try again in a moment.', options);
  }
}

/** A change whose answer was lost or came too late: it may have been made or not, and nobody here can tell. */
export class OutcomeUnknownError extends AppError {
  constructor() {
    super(
      'OUTCOME_UNKNOWN',
      'The service cannot tell whether the change was made. Look before you try again, or send the same idempotencyKey again.',
    );
  }
}
