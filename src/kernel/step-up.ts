import { ForbiddenError, StepUpRequiredError } from './errors.ts';
import type { Principal } from './principal.ts';

/**
 * Passes whoever has proved lately to be there, by signing in or by a step-up: a session that somebody has copied, or left
 * open, is not enough for what cannot be taken back. API keys never pass: a machine cannot be asked a second time.
 *
 * @param field what is asked for, as `Type.field`, where it is known: a refusal is written down with it.
 * @throws ForbiddenError for whoever is no person with a session, StepUpRequiredError for who has to prove it anew.
 */
export function assertStepUp(caller: Principal | null, now: Date, field?: string): void {
  assertPerson(caller, field);
  if (!caller.provedUntil || caller.provedUntil < now) throw new StepUpRequiredError(refusedAt(field));
}

/** Passes a person with a session. @throws ForbiddenError for an API key. */
export function assertPerson(caller: Principal | null, field?: string): asserts caller is Principal {
  if (caller?.kind !== 'user') throw new ForbiddenError('Only a person can do this: sign in.', refusedAt(field));
}

const refusedAt = (field: string | undefined): { field?: string } => (field === undefined ? {} : { field });
