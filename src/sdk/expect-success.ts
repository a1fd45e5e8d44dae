import { TenantryError, toErrorCode } from './errors.ts';
import type { ErrorCode } from './generated/graphql.ts';

/** A member of a result union that is a failure: every one of them, and nothing else, is named "...Error". */
interface FailureMember {
  readonly __typename: `${string}Error`;
  readonly code: ErrorCode;
  readonly message: string;
}

type NamedFailure<Result> = Extract<Result, { readonly __typename: `${string}Error` }>;

/** What is left of a result when its failures are taken away. */
export type Success<Result> = Exclude<Result, { readonly __typename: `${string}Error` }>;

/** Asks for `code` and `message` where the document forgot to select them. */
type WithReadableFailures<Result> = NamedFailure<Result> extends FailureMember ? unknown : FailureMember;

/**
 * The success member of a mutation's result, for code that has no other answer to a failure than to stop. The document
 * selects `__typename`, and `... on Error { code message }`.
 *
 * @throws TenantryError with the code and message of the failure member; what else was selected of it is in
 * `errors[0].extensions`, for example the `fields` of a ValidationError.
 */
export function expectSuccess<Result extends { readonly __typename: string }>(
  result: Result & WithReadableFailures<Result>,
): Success<Result> {
  if (!isFailure(result)) return result as Success<Result>;
  const { __typename, message, ...rest } = result;
  throw new TenantryError(message, { code: toErrorCode(result.code), errors: [{ message, extensions: rest }] });
}

function isFailure(result: { readonly __typename: string }): result is FailureMember {
  return result.__typename.endsWith('Error');
}
