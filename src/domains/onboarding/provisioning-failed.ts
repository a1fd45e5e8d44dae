import { AppError } from '../../kernel/errors.ts';

/** The organization was made, and the engine is not ready for it: nobody gets in until provisioning it has succeeded. */
export class ProvisioningFailedError extends AppError {
  readonly organizationId: string;
  /** @param organizationId its UUID. */
  constructor(organizationId: string) {
    super('PROVISIONING_FAILED', 'The organization was made, but the engine could not be set up for it: call retryProvisioning.');
    this.organizationId = organizationId;
  }
}
