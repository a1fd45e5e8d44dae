import type { HashCost } from '../../platform/crypto/passwords.ts';
import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { ServiceContext } from '../service-context.ts';
import type { CreateOrganizationInput } from './onboarding.input.ts';

export interface CreatedOrganization {
  readonly organizationId: string;
  readonly memberId: string;
  readonly apiKeyId: string;
  /** Null when the answer is a repeated one. */
  readonly secret: string | null;
  readonly replayed: boolean;
}
export interface OnboardingService {
  createOrganization(cx: ServiceContext, input: CreateOrganizationInput): Promise<CreatedOrganization>;
}
export interface OnboardingDependencies {
  readonly preTenant: Pick<PreTenantDatabase, 'ensureIdentity'>;
  readonly secretKey: string;
  readonly hashCost: HashCost;
}
export declare function createOnboardingService(dependencies: OnboardingDependencies): OnboardingService;
