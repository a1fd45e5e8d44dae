import { definition, type World } from './world.ts';

/** One harmless call of every mutation, on the caller's own organization. */
export const MUTATION_CALLS: Readonly<Record<string, (world: World) => Record<string, unknown>>> = {
  createOrganization: () => ({ name: 'Another one', adminEmail: 'a@another.test' }),
  updateOrganization: () => ({ description: 'Changed' }),
  suspendOrganization: (world) => ({ id: world.organizationId }),
  activateOrganization: (world) => ({ id: world.organizationId }),
  addMember: () => ({ email: 'new@alpha.test', role: 'VIEWER' }),
  updateMemberRole: (world) => ({ id: world.members.viewer, role: 'CUSTOMER' }),
  createApiKey: () => ({ name: 'My own', scopes: ['organization:read'] }),
  updateApiKey: (world) => ({ id: world.viewerKeyId, name: 'Renamed' }),
  rotateApiKey: (world) => ({ id: world.viewerKeyId, overlapSeconds: 60 }),
  revokeApiKey: (world) => ({ id: world.viewerKeyId }),
  createWorkflow: () => ({ name: 'New', definition: definition('new') }),
  updateWorkflow: (world) => ({ id: world.workflowIds[1], name: 'Renamed' }),
  deleteWorkflow: (world) => ({ id: world.workflowIds[2] }),
  createSchedule: (world) => ({ workflowId: world.workflowIds[0], name: 'New', cron: '0 0 * * *' }),
  updateSchedule: (world) => ({ id: world.scheduleId, enabled: false }),
  deleteSchedule: (world) => ({ id: world.scheduleId }),
  appendEvents: () => ({ events: [{ type: 'NOTE.WRITTEN' }] }),
  removeMember: (world) => ({ id: world.members.customer }),
};
