export type { CreateOrganizationInput } from './onboarding.input.ts';
export { createOnboardingService, type OnboardingService } from './onboarding.service.ts';
