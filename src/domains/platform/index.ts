export { platformEvents } from './events.ts';
export {
  createPlatformService,
  type OrganizationsAsked,
  type PlatformService,
  type SeenOrganization,
  type SeenTotal,
  type SeenUsage,
  type UsageAsked,
} from './platform.service.ts';
