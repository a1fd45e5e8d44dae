import { definition, type World } from './world.ts';

/** One harmless call of every mutation, on the caller's own organization. Null for those without arguments. */
export const MUTATION_CALLS: Readonly<Record<string, (world: World) => Record<string, unknown> | null>> = {
  createOrganization: () => ({ name: 'Another one', adminEmail: 'a@another.test' }),
  updateOrganization: () => ({ description: 'Changed' }),
  suspendOrganization: (world) => ({ id: world.organizationId }),
  activateOrganization: (world) => ({ id: world.organizationId }),
  retryProvisioning: (world) => ({ id: world.organizationId }),
  inviteMember: () => ({ email: 'invited@alpha.test', role: 'VIEWER' }),
  resendInvitation: (world) => ({ id: world.invitationId }),
  revokeInvitation: (world) => ({ id: world.invitationId }),
  acceptInvitation: (world) => ({ token: world.invitationToken, password: 'seventeen green lanterns drift' }),
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
  suspendMembers: (world) => ({ ids: [world.members.viewer] }),
  activateMembers: (world) => ({ ids: [world.members.viewer] }),
  updateMemberRoles: (world) => ({ changes: [{ id: world.members.viewer, role: 'VIEWER' }] }),
  removeMembers: (world) => ({ ids: [world.members.viewer] }),
  deactivateOrganization: () => ({}),
  reactivateOrganization: (world) => ({ id: world.organizationId }),
  removeMember: (world) => ({ id: world.members.customer }),
  leaveOrganization: () => null,
  transferOwnership: (world) => ({ memberId: world.members.admin }),
  deleteOrganization: (world) => ({ slug: world.slug }),
};

/** The query of a mutation that asks for no more than what became of it. */
export function mutationQuery(mutation: string, input: object | null, success = '__typename'): string {
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const called = input ? `mutation ($input: ${type}!) { ${mutation}(input: $input)` : `mutation { ${mutation}`;
  return `${called} { ${success} ... on Error { code message } } }`;
}
