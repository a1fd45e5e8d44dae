import type { ServiceContext } from '../service-context.ts';
import type { ActivateOrganizationInput, SuspendOrganizationInput, UpdateOrganizationInput } from './organization.input.ts';

export interface OrganizationService {
  update(cx: ServiceContext, input: UpdateOrganizationInput): Promise<{ organizationId: string }>;
  suspend(cx: ServiceContext, input: SuspendOrganizationInput): Promise<{ organizationId: string }>;
  activate(cx: ServiceContext, input: ActivateOrganizationInput): Promise<{ organizationId: string }>;
}
export declare function createOrganizationService(): OrganizationService;
export declare function insertOrganization(): void;
