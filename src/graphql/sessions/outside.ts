import { AppError } from '../../kernel/errors.ts';
import { API_KEYS_OUTSIDE } from '../api-keys/outside.ts';
import type { GraphQLContext } from '../context.ts';
import { PEOPLE_OUTSIDE } from '../people/outside.ts';
import { SECOND_FACTOR_OUTSIDE } from '../second-factor/outside.ts';

/**
 * The mutations that belong to no organization, and why each is in no organization's log. The operator's log has them, in
 * the line of their request.
 */
export const OUTSIDE_ORGANIZATIONS = {
  ...PEOPLE_OUTSIDE,
  signIn:
    'A person signs in to the installation and works in one organization or another afterwards, request by request. To write it into the log of each would tell every one of them when somebody works elsewhere.',
  refreshSession: 'The session goes on as it was opened: for the person, in no organization.',
  signOut: 'The session ends as it was opened: for the person, in no organization.',
  ...SECOND_FACTOR_OUTSIDE,
  ...API_KEYS_OUTSIDE,
} as const;

/** Does such a mutation, and has the operator's log say whose session it was about and how it went. */
export async function noted<Result>(
  context: GraphQLContext,
  mutation: keyof typeof OUTSIDE_ORGANIZATIONS,
  work: () => Promise<Result>,
  userOf: (result: Result) => string | null,
): Promise<Result> {
  try {
    const result = await work();
    context.note({ mutation, userId: userOf(result), code: null });
    return result;
  } catch (error) {
    // Whoever was meant is not told of: an address that somebody tried is no business of a log.
    context.note({ mutation, userId: null, code: error instanceof AppError ? error.code : 'INTERNAL' });
    throw error;
  }
}
