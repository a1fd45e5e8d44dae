import { AppError } from '../../kernel/errors.ts';

/** An event that the condition speaks of was appended meanwhile. Nothing was done; a new decision may be. */
export class AppendConditionFailedError extends AppError {
  /** The first position at which such an event is. */
  readonly position: number;
  constructor(position: number) {
    super(
      'APPEND_CONDITION_FAILED',
      `An event that matches failIfEventsMatch is at position ${position}: read again and decide anew.`,
    );
    this.position = position;
  }
}
