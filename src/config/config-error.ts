import { OperatorError } from '../kernel/operator-error.ts';

/** A wrong environment variable; the message names it, its value unless that is secret, and the mend. */
export class ConfigError extends OperatorError {
  override readonly name = 'ConfigError';
}
