import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { CHANGE_ERRORS } from '../errors.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { ApiKeyType, ApiKeyTypeEnum, readApiKey } from './api-key.ts';

interface IssuedKey {
  readonly apiKeyId: string;
  readonly secret: string | null;
}

/** The answer of a mutation that makes a key: the key's row and, this once, the key itself. */
function issuedKeyType(name: string, description: string) {
  return builder.objectRef<IssuedKey>(name).implement({
    description,
    tenant: 'scoped',
    access: 'member',
    fields: (t) => ({
      apiKey: t.prismaField({
        type: ApiKeyType,
        description: 'The new key, without its secret.',
        resolve: (query, { apiKeyId }, _args, context) => readApiKey(context, query, apiKeyId),
      }),
      secret: t.exposeString('secret', {
        nullable: true,
        description: 'The key itself: 35 characters beginning with "tk_". It is shown this once and kept nowhere: null when the answer is a repetition.',
      }),
    }),
  });
}

const CreateApiKeyInput = builder.inputType('CreateApiKeyInput', {
  description: 'A new API key.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'What it is called: 1 to 255 characters, once among the live keys of its owner.' }),
    description: t.string({ description: 'What it is for, at most 2,000 characters.' }),
    type: t.field({ type: ApiKeyTypeEnum, description: 'What kind of caller it is for. PERSONAL when not given.' }),
    scopes: t.stringList({ required: true, description: 'What it may do: permissions such as "workflow:read", "workflow:*", or "*" for all that its owner may. At least one, none that you lack. A wildcard of a key for somebody else, or made by a key, stands for what it means today.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When its time runs out; never when not given. A key made by a key ends with it at the latest.' }),
    rateLimitPerHour: t.int({ description: 'How many root fields it may ask for within an hour: 1 to 10,000, 3,600 when not given; of a key made by a key at most what that one may.' }),
    allowedNetworks: t.stringList({ description: 'Networks that it may be used from, such as "192.0.2.0/24" or "2001:db8::/32", at most 50; from anywhere when not given. A key made by a bound key is bound likewise.' }),
    allowedOrigins: t.stringList({ description: 'Origins of web pages that may use it, such as "https://app.example.com", at most 50. A call without an Origin header is then refused.' }),
    requireSecondFactor: t.boolean({ description: 'Whether you must have a second factor for it to open the door: possible only on a key for yourself, and not by a key.' }),
    monthlyLimit: t.int({ description: 'How many root fields it may ask for within a month of UTC: 1 to 2,147,483,647, without an end when not given.' }),
    memberId: t.id({ description: 'The member it acts for: oneself when not given. Others need apiKey:write.' }),
    idempotencyKey: t.string({ description: 'A text of your own, at most 255 characters: a repetition within 24 hours makes no second key and shows no secret.' }),
  }),
});

builder.mutationField('createApiKey', (t) =>
  t.field({
    type: issuedKeyType('CreateApiKeySuccess', 'The key was made.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: 'Makes an API key for oneself, or with apiKey:write for another member. Its secret is in the answer and never again. For a person it takes a recent proof to be there: STEP_UP_REQUIRED.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: CreateApiKeyInput, required: true, description: 'What to make.' }) },
    resolve: (_root, { input }, context) => context.services.apiKeys.create(serviceContext(context), input),
  }),
);

const UpdateApiKeyInput = builder.inputType('UpdateApiKeyInput', {
  description: 'What of an API key is to be different. What is not given stays as it is; null takes a rule away. A name and scopes it always has: null leaves them as they are.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The key.' }),
    name: t.string({ description: 'What it is called: 1 to 255 characters, once among the live keys of its owner.' }),
    description: t.string({ description: 'What it is for, at most 2,000 characters; null takes it away.' }),
    scopes: t.stringList({ description: 'What it may do, all of it: as in createApiKey.' }),
    expiresAt: t.field({ type: 'DateTime', description: 'When its time runs out; null for never.' }),
    rateLimitPerHour: t.int({ description: 'How many root fields it may ask for within an hour: 1 to 10,000; null for as many as when nothing is said.' }),
    allowedNetworks: t.stringList({ description: 'All networks that it may be used from; null or an empty list for anywhere.' }),
    allowedOrigins: t.stringList({ description: 'All origins of web pages that may use it; null or an empty list to ask for none.' }),
    requireSecondFactor: t.boolean({ description: 'Whether its owner must have a second factor: true only on a key of your own; null for no. No key changes it.' }),
    monthlyLimit: t.int({ description: 'How many root fields it may ask for within a month of UTC; null without an end. What it has asked for in this month counts.' }),
  }),
});

/** A success that shows the key as it is now. */
function changedKeyType(name: string, description: string) {
  return builder.objectRef<{ apiKeyId: string }>(name).implement({
    description,
    tenant: 'scoped',
    access: 'member',
    fields: (t) => ({
      apiKey: t.prismaField({
        type: ApiKeyType,
        description: 'The key as it is now.',
        resolve: (query, { apiKeyId }, _args, context) => readApiKey(context, query, apiKeyId),
      }),
    }),
  });
}

builder.mutationField('updateApiKey', (t) =>
  t.field({
    type: changedKeyType('UpdateApiKeySuccess', 'The key is as it was asked for, from the next request on.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: 'Changes an API key of oneself, or with apiKey:write of another member. CONFLICT for one that has ended. Nobody gives a key what they may not do, and no key leaves one freer than itself. For a person it takes a recent proof to be there to let a key do more, in more places, more often or for longer: STEP_UP_REQUIRED.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: UpdateApiKeyInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, context) => context.services.apiKeys.update(serviceContext(context), input),
  }),
);

const RotateApiKeyInput = builder.inputType('RotateApiKeyInput', {
  description: 'Which API key to replace.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The key.' }),
    overlapSeconds: t.int({ description: 'How long the old secret still opens the door: 0 (the default) to 604,800 seconds, which is 7 days.' }),
    idempotencyKey: t.string({ description: 'A text of your own, at most 255 characters: a repetition within 24 hours rotates once and shows no secret.' }),
  }),
});

builder.mutationField('rotateApiKey', (t) =>
  t.field({
    type: issuedKeyType('RotateApiKeySuccess', 'The key has a successor with the same name, scopes, bounds and limits, and goes on in its count.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: 'Replaces an API key by a new one, at once or with an overlap. For a person it takes a recent proof to be there: STEP_UP_REQUIRED.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: RotateApiKeyInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, context) => context.services.apiKeys.rotate(serviceContext(context), input),
  }),
);

const RevokeApiKeyInput = builder.inputType('RevokeApiKeyInput', {
  description: 'Which API key to take back.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The key.' }) }),
});

builder.mutationField('revokeApiKey', (t) =>
  t.field({
    type: changedKeyType('RevokeApiKeySuccess', 'The key opens nothing from the next request on.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: 'Takes an API key back for good. Taking it back twice does no harm.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: RevokeApiKeyInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, context) => context.services.apiKeys.revoke(serviceContext(context), input),
  }),
);
