import { ServiceUnavailableError } from '../kernel/errors.ts';

/**
 * The result of `work`, if it comes in time. Work that is late goes on by itself, and what becomes of it is dropped.
 *
 * @param deadline a moment of `performance.now()`.
 * @throws ServiceUnavailableError at the deadline.
 */
export async function withDeadline<Result>(work: Result | Promise<Result>, deadline: number): Promise<Result> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => late.reject(new ServiceUnavailableError()), Math.max(0, deadline - performance.now()));
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
