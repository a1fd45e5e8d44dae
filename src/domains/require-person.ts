import { assertPerson } from '../kernel/step-up.ts';
import type { Principal } from '../kernel/principal.ts';
import type { ServiceContext } from './service-context.ts';

/** The person who asks. @throws ForbiddenError for an API key: what is a person's own is nothing for a machine. */
export function requirePerson({ principal }: ServiceContext): Principal {
  assertPerson(principal);
  return principal;
}
