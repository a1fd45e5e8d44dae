export type { CreateOrganizationInput, RetryProvisioningInput } from './onboarding.input.ts';
export {
  type CreatedOrganization,
  createOnboardingService,
  type OnboardingDependencies,
  type OnboardingService,
} from './onboarding.service.ts';
export { type ProvisionDependencies, provisioningOn } from './provision.ts';
export { ProvisioningFailedError } from './provisioning-failed.ts';
export { type ProvisioningSweep, startProvisioningSweep, sweep, type SweepDependencies } from './sweep.ts';
