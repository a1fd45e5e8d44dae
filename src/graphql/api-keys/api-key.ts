import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { allOf, resolveList } from '../connections/fields.ts';
import { connectionType, pageArguments } from '../connections/types.ts';
import type { GraphQLContext } from '../context.ts';
import { comparisons, DateTimeFilter, OrderDirection, where } from '../filters.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { MemberType } from '../members/member.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { countUsed } from './used-this-month.ts';

export const ApiKeyTypeEnum = builder.enumType('ApiKeyType', {
  description: 'What an API key is for.',
  values: {
    PERSONAL: { value: 'personal', description: "A person's own scripts." },
    SERVICE: { value: 'service', description: 'A server of the organization.' },
    INTEGRATION: { value: 'integration', description: 'A product of somebody else.' },
  } as const,
});

const ApiKeyStatusEnum = builder.enumType('ApiKeyStatus', {
  description: 'Whether an API key opens the door.',
  values: {
    ACTIVE: { description: 'It does.' },
    EXPIRED: { description: 'Its time has run out.' },
    REVOKED: { description: 'It was taken back.' },
  } as const,
});

type RevokedReason = 'taken_back' | 'leaked' | 'member_left' | 'issuer_demoted' | 'rotated' | 'organization_deleted';

const ApiKeyRevokedReasonEnum = builder.enumType('ApiKeyRevokedReason', {
  description: 'Why an API key was taken back.',
  values: {
    TAKEN_BACK: { value: 'taken_back', description: 'Somebody who manages it did so.' },
    LEAKED: { value: 'leaked', description: 'Somebody who held its secret, or that of the key it was made with, reported that it had leaked.' },
    MEMBER_LEFT: { value: 'member_left', description: 'The member it acted for, or who had made it, has left.' },
    ISSUER_DEMOTED: { value: 'issuer_demoted', description: 'The member who had made it was given a role that may do less than the key.' },
    ROTATED: { value: 'rotated', description: 'Another has replaced it.' },
    ORGANIZATION_DELETED: { value: 'organization_deleted', description: 'Its organization is gone.' },
  } as const,
});

export const ApiKeyType = builder.prismaObject('ApiKey', {
  description: 'An API key. Neither the key nor anything it could be guessed from can be read.',
  tenant: 'scoped',
  access: 'member',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('ApiKey', row.id) }),
    name: t.exposeString('name', { description: 'What it is called: 1 to 255 characters.' }),
    description: t.exposeString('description', { nullable: true, description: 'What it is for.' }),
    type: t.expose('type', { type: ApiKeyTypeEnum, description: 'What kind of caller it is for.' }),
    prefix: t.exposeString('prefix', { description: 'The first characters of the key, to recognise it by.' }),
    scopes: t.exposeStringList('scopes', { description: 'What it may do of what its owner may: permissions such as "workflow:read", "workflow:*", or "*".' }),
    rateLimitPerHour: t.exposeInt('rateLimitPerHour', { description: 'How many root fields it may ask for within an hour: 1 to 10,000. RATE_LIMITED beyond.' }),
    status: t.field({
      type: ApiKeyStatusEnum,
      description: 'Whether it opens the door now.',
      select: { status: true, expiresAt: true },
      resolve: ({ status, expiresAt }, _args, { clock }) =>
        status === 'revoked' ? 'REVOKED' : expiresAt && expiresAt <= clock.now() ? 'EXPIRED' : 'ACTIVE',
    }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', nullable: true, description: 'When its time runs out; null for never.' }),
    revokedAt: t.expose('revokedAt', { type: 'DateTime', nullable: true, description: 'When it was taken back.' }),
    revokedReason: t.field({
      type: ApiKeyRevokedReasonEnum,
      nullable: true,
      description: 'Why it was taken back; null for one that was not, or before reasons were kept.',
      select: { revokedReason: true },
      resolve: ({ revokedReason }) => revokedReason as RevokedReason | null,
    }),
    supersededById: t.id({
      nullable: true,
      description: 'The key that has replaced it, when it was rotated: node shows it to whoever may see it.',
      select: { supersededById: true },
      resolve: ({ supersededById }) => supersededById && toGlobalId('ApiKey', supersededById),
    }),
    madeByKeyId: t.id({
      nullable: true,
      description: 'The key by which it was made or rotated; null when a person did it. When that key is reported to have leaked, this one ends with it.',
      select: { madeByKeyId: true },
      resolve: ({ madeByKeyId }) => madeByKeyId && toGlobalId('ApiKey', madeByKeyId),
    }),
    allowedNetworks: t.exposeStringList('allowedNetworks', { description: 'The networks that it may be used from, such as "192.0.2.0/24"; from anywhere when there are none. FORBIDDEN elsewhere.' }),
    allowedOrigins: t.exposeStringList('allowedOrigins', { description: 'The origins of web pages that may use it, such as "https://app.example.com"; without one nobody is asked. FORBIDDEN elsewhere.' }),
    requireSecondFactor: t.exposeBoolean('requireSecondFactor', { description: 'Whether its owner must have a second factor for it to open the door. SECOND_FACTOR_REQUIRED otherwise.' }),
    monthlyLimit: t.exposeInt('monthlyLimit', { nullable: true, description: 'How many root fields it may ask for within a month of UTC, with the keys that it replaced; null without an end. RATE_LIMITED beyond.' }),
    usedThisMonth: t.int({
      description: 'How many root fields it has asked for in this month of UTC, with the keys that it replaced. Of a key without a monthly limit it may be some seconds behind.',
      select: { usageId: true },
      resolve: ({ orgId, usageId }, _args, context) =>
        context.loaders.load('ApiKey.usedThisMonth', (id, usageIds: readonly string[]) => countUsed(context, id, usageIds), orgId, usageId),
    }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', nullable: true, description: 'When it was last used, at most some seconds behind; null for never.' }),
    owner: t.relation('owner', { type: MemberType, access: 'member', description: 'The member it acts for.' }),
    issuedBy: t.relation('issuedBy', { type: MemberType, nullable: true, description: 'The member who has seen the secret: who made it, last rotated it, or made the key it was made with. While that member is suspended it is refused with USER_NOT_ACTIVE; it ends when the member leaves, or may do less than the key. Null for an operator of the platform.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

/** A person sees their own keys, and a key itself; more needs apiKey:read. */
function visibleKeys({ principal }: GraphQLContext): Record<string, unknown> {
  if (!principal || principal.permissions.has('apiKey:read')) return {};
  return principal.kind === 'apiKey' ? { id: principal.credentialId } : { userId: principal.userId };
}

/** One API key by its UUID. Prisma's types list the columns with hashes, which nobody can read: hence the cast. */
export function readApiKey({ db }: GraphQLContext, query: object, id: string): Promise<never> {
  return orNotFound(db.apiKey.findFirst(byId(query, id)), 'API key') as Promise<never>;
}

registerNode('ApiKey', { access: 'member', delegate: ({ db }) => db.apiKey, where: visibleKeys });

const ApiKeyConnection = connectionType('ApiKey', ApiKeyType, 'member');

const ApiKeyFilter = builder.inputType('ApiKeyFilter', {
  description: 'Which API keys. Everything given must hold.',
  fields: (t) => ({
    revoked: t.boolean({ description: 'Only those taken back, or only those not.' }),
    createdAt: t.field({ type: DateTimeFilter, description: 'By when it was made.' }),
  }),
});

const ApiKeyOrderField = builder.enumType('ApiKeyOrderField', {
  description: 'What API keys are sorted by.',
  values: { CREATED_AT: { value: 'createdAt', description: 'When it was made.' } } as const,
});

const ApiKeyOrder = builder.inputType('ApiKeyOrder', {
  description: 'How API keys are sorted.',
  fields: (t) => ({
    field: t.field({ type: ApiKeyOrderField, required: true, description: 'By what.' }),
    direction: t.field({ type: OrderDirection, required: true, description: 'Which end first.' }),
  }),
});

builder.queryField('apiKeys', (t) =>
  t.field({
    type: ApiKeyConnection,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'member',
    description: "One's own API keys in this organization (an API key: itself); everybody's with apiKey:read. The newest first unless asked otherwise.",
    args: {
      ...pageArguments,
      filter: t.arg({ type: ApiKeyFilter, description: 'Which ones.' }),
      orderBy: t.arg({ type: ApiKeyOrder, description: 'How they are sorted.' }),
    },
    resolve: (_root, args, context, info) => {
      const { revoked, createdAt } = args.filter ?? {};
      const asked = where({
        status: typeof revoked === 'boolean' ? (revoked ? 'revoked' : 'active') : null,
        createdAt: comparisons(createdAt),
      });
      return resolveList(context, info, {
        field: 'Query.apiKeys',
        delegate: context.db.apiKey,
        args,
        sort: { column: args.orderBy?.field ?? 'createdAt', direction: args.orderBy?.direction ?? 'desc' },
        where: allOf(visibleKeys(context), asked),
      });
    },
  }),
);
