import { AppError } from '../kernel/errors.ts';
import type { Tenant } from '../kernel/principal.ts';

/** A session that has shown no second factor asks for an organization that wants one. */
export class SecondFactorRequiredError extends AppError {
  /** Where the session would have worked, and as what: the refusal is written down there. */
  readonly tenant: Tenant;
  constructor(tenant: Tenant) {
    super('SECOND_FACTOR_REQUIRED', 'This organization asks for a second factor: set one up, or sign in with it.');
    this.tenant = tenant;
  }
}
