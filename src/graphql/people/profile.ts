import type { Profile } from '../../domains/people/index.ts';
import { ValidationError } from '../../kernel/errors.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from '../sessions/outside.ts';

export const UserType = builder.objectRef<Profile>('User').implement({
  description: 'A person as a login identity, known to that person alone.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    email: t.expose('email', { type: 'EmailAddress', description: 'The address the person signs in with.' }),
    name: t.exposeString('name', { nullable: true, description: "The person's name." }),
    locale: t.exposeString('locale', { nullable: true, description: 'The language, as a BCP 47 tag, for example "de-CH".' }),
    timezone: t.exposeString('timezone', { nullable: true, description: 'The time zone by its IANA name, for example "Europe/Zurich".' }),
    emailVerified: t.boolean({ description: 'Whether the person has proved the address.', resolve: ({ emailVerifiedAt }) => emailVerifiedAt !== null }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the person registered.' }),
  }),
});

const UpdateProfileInput = builder.inputType('UpdateProfileInput', {
  description: 'What changes; what is left out stays, and null empties.',
  fields: (t) => ({
    name: t.string({ description: 'What the person is called, at most 200 characters. Organizations have a name of their own for each member.' }),
    locale: t.string({ description: 'The language, as a BCP 47 tag.' }),
    timezone: t.string({ description: 'The time zone by its IANA name.' }),
  }),
});

const UpdateProfileSuccess = builder.objectRef<{ user: Profile }>('UpdateProfileSuccess').implement({
  description: 'The profile was changed.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({ user: t.expose('user', { type: UserType, description: 'The person as it is now.' }) }),
});

builder.mutationField('updateProfile', (t) =>
  t.field({
    type: UpdateProfileSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'authenticated',
    description: 'Changes what the caller is called and in which language and time zone. FORBIDDEN for an API key.',
    errors: { types: [ValidationError] },
    args: { input: t.arg({ type: UpdateProfileInput, required: true, description: 'What changes.' }) },
    resolve: async (_root, { input: { name, locale, timezone } }, context) => {
      const cx = serviceContext(context);
      const update = () => context.services.people.updateProfile(cx, { name, locale, timezone });
      return { user: await noted(context, 'updateProfile', update, () => cx.principal.userId) };
    },
  }),
);
