import { AppError } from '../kernel/errors.ts';

/** What a session is told that has shown no second factor, by an organization that asks for one. */
export function secondFactorRequired(): AppError {
  return new AppError('SECOND_FACTOR_REQUIRED', 'This organization asks for a second factor: set one up, or sign in with it.');
}
