import { type AppError, ServiceUnavailableError } from '../kernel/errors.ts';

/**
 * The result of `work`, if it comes in time. At the deadline the signal that `work` was given is aborted: what has been
 * sent to the database ends by itself, and nothing further may be begun.
 *
 * @param deadline a moment of `performance.now()`.
 * @param tooLate what is thrown at the deadline; a ServiceUnavailableError unless told.
 */
export async function withDeadline<Result>(
  deadline: number,
  work: (signal: AbortSignal) => Result | Promise<Result>,
  tooLate: () => AppError = () => new ServiceUnavailableError(),
): Promise<Result> {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  const end = () => {
    const error = tooLate();
    late.reject(error);
    controller.abort(error);
  };
  const timer = setTimeout(end, Math.max(0, deadline - performance.now()));
  try {
    return await Promise.race([work(controller.signal), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
