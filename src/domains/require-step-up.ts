import { assertStepUp } from '../kernel/step-up.ts';
import type { ServiceContext } from './service-context.ts';

/**
 * For what only part of an input makes worth it: a whole field declares `stepUp` in the schema.
 *
 * @throws ForbiddenError for an API key, StepUpRequiredError for a person who has proved nothing lately.
 */
export function requireStepUp(cx: ServiceContext): void {
  assertStepUp(cx.principal, cx.clock.now());
}

/**
 * The same of people alone: an API key does it by its scopes, because nobody can ask a program.
 *
 * @throws StepUpRequiredError for a person who has proved nothing lately.
 */
export function requireStepUpOfPerson(cx: ServiceContext): void {
  if (cx.principal.kind === 'user') requireStepUp(cx);
}
