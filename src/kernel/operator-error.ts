/**
 * A failure that the person who runs the server can mend.
 *
 * Its message is one line that says the cause and the cure, and never a secret; the command prints that line alone,
 * without a stack, because the stack tells an operator nothing.
 */
export class OperatorError extends Error {
  override readonly name: string = 'OperatorError';

  constructor(message: string, options?: ErrorOptions) {
    super(message.replace(/\s*\n\s*/g, ' '), options);
  }
}
