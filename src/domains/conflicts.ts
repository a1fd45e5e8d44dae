import { ConflictError } from '../kernel/errors.ts';

/** Whether the database refused a row because one with the same unique values exists. */
export function isUniqueViolation(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'P2002';
}

/** Runs `work`; when the database finds a duplicate, the caller hears `message` instead of the constraint's name. */
export async function refuseDuplicate<Result>(message: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw isUniqueViolation(error) ? new ConflictError(message) : error;
  }
}
