export { organizationCreated } from './events.ts';
export { organizationName, organizationSlug } from './organization.input.ts';
export type {
  ActivateOrganizationInput,
  SuspendOrganizationInput,
  UpdateOrganizationInput,
} from './organization.input.ts';
export {
  isSlug,
  moveOrganization,
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
