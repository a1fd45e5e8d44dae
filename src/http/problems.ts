import type { ErrorCode } from '../kernel/errors.ts';

/** The body of a refusal, in the one form that every failure of this server has. */
export function problemBody(code: ErrorCode, message: string): string {
  return JSON.stringify({ errors: [{ message, extensions: { code } }] });
}
