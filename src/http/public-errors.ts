import { GraphQLError } from 'graphql';
import { AppError, ServiceUnavailableError, TenantViolationError, ValidationError } from '../kernel/errors.ts';
import { isDatabaseUnavailable } from '../platform/postgres/adapter/index.ts';

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
 */
export function toPublicError(error: GraphQLError, requestId: string): PublicError {
  const thrown = rootCause(error);
  if (thrown instanceof TenantViolationError) return masked(error, requestId, thrown);
  if (thrown instanceof AppError) return { error: coded(error, thrown), unexpected: null };
  if (isDatabaseUnavailable(thrown)) return { error: coded(error, new ServiceUnavailableError()), unexpected: thrown };
  if (thrown instanceof GraphQLError) return { error: fromGraphQL(error, thrown), unexpected: null };
  return masked(error, requestId, thrown);
}

/** The error that began it, below GraphQL's own wrappers. */
function rootCause(error: GraphQLError): unknown {
  let cause: unknown = error;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}

function place(error: GraphQLError) {
  return { nodes: error.nodes ?? null, path: error.path ?? null, source: error.source ?? null, positions: error.positions ?? null };
}

function coded(error: GraphQLError, failure: AppError): GraphQLError {
  const fields = failure instanceof ValidationError ? { fields: failure.fields } : {};
  return new GraphQLError(failure.message, { ...place(error), extensions: { code: failure.code, ...fields } });
}

function fromGraphQL(error: GraphQLError, original: GraphQLError): GraphQLError {
  const code = original.extensions['code'] ?? (original.message.startsWith('Syntax Error') ? 'GRAPHQL_PARSE_FAILED' : 'VALIDATION_FAILED');
  // Only these two: the libraries below put the text and stack of their own errors beside them.
  const { http } = original.extensions;
  return new GraphQLError(original.message, { ...place(error), extensions: { code, ...(http ? { http } : {}) } });
}

function masked(error: GraphQLError, requestId: string, thrown: unknown): PublicError {
  const message = `Something went wrong on our side. It was noted under request id ${requestId}.`;
  const extensions = { code: 'INTERNAL', requestId };
  return { error: new GraphQLError(message, { ...place(error), extensions }), unexpected: thrown };
}
