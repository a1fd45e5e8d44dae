export type { CreateOrganizationInput } from './onboarding.input.ts';
export {
  type CreatedOrganization,
  createOnboardingService,
  type OnboardingDependencies,
  type OnboardingService,
} from './onboarding.service.ts';
