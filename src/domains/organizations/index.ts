export type { Namespace, ProvisioningEngine } from './engine.ts';
export { organizationCreated } from './events.ts';
export { createLifecycleService, type LifecycleDependencies, type LifecycleService } from './lifecycle.ts';
export { lockOrganization } from './lock.ts';
export { organizationName, organizationSlug } from './organization.input.ts';
export type {
  ActivateOrganizationInput,
  DeactivateOrganizationInput,
  DeleteOrganizationInput,
  ReactivateOrganizationInput,
  SuspendOrganizationInput,
  UpdateOrganizationInput,
} from './organization.input.ts';
export {
  isSlug,
  moveOrganization,
  organizationSlugFromName,
  type OrganizationStatus,
  SLUG_FORM,
  slugFromName,
  slugWithTail,
  SYSTEM_ORGANIZATION_ID,
} from './organization.rules.ts';
export {
  createOrganizationService,
  insertOrganization,
  type NewOrganization,
  ORGANIZATION_TAKEN,
  type OrganizationService,
} from './organization.service.ts';
export { retireNamespace } from './retire.ts';
