import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { TRANSITION_ERRORS } from '../errors.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { OrganizationStatus } from './organization.ts';

type Moved = { readonly organizationId: string; readonly status: 'active' | 'inactive' | 'deleted' };

/** What is told of an organization that its owner may not be in any more: nothing that would have to be read from it. */
function movedSuccess(name: string, description: string) {
  return builder.objectRef<Moved>(name).implement({
    description,
    tenant: 'global',
    access: 'authenticated',
    fields: (t) => ({
      organizationId: t.id({ description: 'Which organization.', resolve: (moved) => toGlobalId('Organization', moved.organizationId) }),
      status: t.field({ type: OrganizationStatus, description: 'The status it is in now.', resolve: (moved) => moved.status }),
    }),
  });
}

const DeactivateOrganizationInput = builder.inputType('DeactivateOrganizationInput', {
  description: 'How the organization of this request is closed for now.',
  fields: (t) => ({ reason: t.string({ description: 'Why, at most 500 characters.' }) }),
});

builder.mutationField('deactivateOrganization', (t) =>
  t.field({
    type: movedSuccess('DeactivateOrganizationSuccess', 'The organization rests: nobody gets in.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'organization:delete',
    stepUp: true,
    description: 'Closes the organization of this request for now, by its own wish: members and keys are answered ORG_NOT_ACTIVE from the next request on. Its owner opens it again with reactivateOrganization.',
    errors: { types: TRANSITION_ERRORS },
    args: { input: t.arg({ type: DeactivateOrganizationInput, required: true, description: 'How.' }) },
    resolve: async (_root, { input }, context) => {
      const { organizationId } = await context.services.lifecycle.deactivate(serviceContext(context), input);
      return { organizationId, status: 'inactive' as const };
    },
  }),
);

const ReactivateOrganizationInput = builder.inputType('ReactivateOrganizationInput', {
  description: 'Which organization to open again.',
  fields: (t) => ({ id: t.id({ required: true, description: 'An organization of your own that rests.' }) }),
});

builder.mutationField('reactivateOrganization', (t) =>
  t.field({
    type: movedSuccess('ReactivateOrganizationSuccess', 'The organization is in use again.'),
    ...NULL_ON_ERROR,
    tenant: 'global',
    // In no organization: in the one that is meant nobody can be yet.
    access: 'authenticated',
    stepUp: true,
    description: 'Opens an organization again that its owner has closed. For its owner alone: NOT_FOUND for everybody else. Send it without X-Organization-Id, or with that of another organization.',
    errors: { types: TRANSITION_ERRORS },
    args: { input: t.arg({ type: ReactivateOrganizationInput, required: true, description: 'Which one.' }) },
    resolve: async (_root, { input }, context) => {
      const { organizationId } = await context.services.lifecycle.reactivate(serviceContext(context), input);
      return { organizationId, status: 'active' as const };
    },
  }),
);

const DeleteOrganizationInput = builder.inputType('DeleteOrganizationInput', {
  description: 'Which organization is to be deleted.',
  fields: (t) => ({
    id: t.id({ description: 'The organization: that of this request when not given. For one that nobody gets into; an operator names any.' }),
    slug: t.string({ required: true, description: 'Its slug, typed again: to make sure that this one is meant.' }),
  }),
});

builder.mutationField('deleteOrganization', (t) =>
  t.field({
    type: movedSuccess('DeleteOrganizationSuccess', 'The organization is gone: nobody gets in, and its name and slug are free.'),
    ...NULL_ON_ERROR,
    tenant: 'platform',
    // An organization that nobody gets into is named: it cannot be the one of the request.
    access: 'authenticated',
    stepUp: true,
    description: 'Deletes an organization: that of this request, for whoever may (organization:delete), or the one that is named, for its owner and for administrators of the platform. Its owner deletes it also while it rests and when its provisioning has failed, an administrator of the platform in every status; for everybody else one that is named is NOT_FOUND. Its keys and invitations end, who belongs to no other organization is signed out, and its name and slug are free. Its data wait to be purged by the operator.',
    errors: { types: TRANSITION_ERRORS },
    args: { input: t.arg({ type: DeleteOrganizationInput, required: true, description: 'To make sure.' }) },
    resolve: async (_root, { input }, context) => {
      const { organizationId } = await context.services.lifecycle.remove(serviceContext(context), input);
      return { organizationId, status: 'deleted' as const };
    },
  }),
);
