import type { SessionSummary } from '../../domains/auth/index.ts';
import { NotFoundError, ValidationError } from '../../kernel/errors.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { noted } from './outside.ts';

export const SessionType = builder.objectRef<SessionSummary>('Session').implement({
  description: 'A signed-in device, known to its person alone.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({
    id: t.id({ description: 'What revokeSession takes. It begins with "ses_".', resolve: ({ id }) => toGlobalId('Session', id) }),
    current: t.exposeBoolean('current', { description: 'Whether this request came by it.' }),
    userAgent: t.exposeString('userAgent', { nullable: true, description: 'What the program called itself that opened it.' }),
    ip: t.exposeString('ip', { nullable: true, description: 'The network address it was opened from.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was opened.' }),
    lastUsedAt: t.expose('lastUsedAt', { type: 'DateTime', description: 'When it was last carried on with new tokens, or opened.' }),
    secondFactor: t.exposeBoolean('secondFactor', { description: 'Whether a second factor was shown in it.' }),
    expiresAt: t.expose('expiresAt', { type: 'DateTime', description: 'When it ends unless it is carried on.' }),
  }),
});

const RevokeSessionInput = builder.inputType('RevokeSessionInput', {
  description: 'Which session ends.',
  fields: (t) => ({ id: t.id({ required: true, description: 'Its id, from viewer { sessions { id } }.' }) }),
});

const RevokeSessionSuccess = builder.objectRef<{ sessionId: string }>('RevokeSessionSuccess').implement({
  description: 'The session is over.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({ sessionId: t.id({ description: 'Its id.', resolve: ({ sessionId }) => toGlobalId('Session', sessionId) }) }),
});

builder.mutationField('revokeSession', (t) =>
  t.field({
    type: RevokeSessionSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'authenticated',
    description: 'Ends one session of the caller, also the one that asks. FORBIDDEN for an API key.',
    errors: { types: [ValidationError, NotFoundError] },
    args: { input: t.arg({ type: RevokeSessionInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input: { id } }, context) => {
      const cx = serviceContext(context);
      return noted(context, 'revokeSession', () => context.services.auth.revokeSession(cx, { id }), () => cx.principal.userId);
    },
  }),
);

const RevokeOtherSessionsSuccess = builder.objectRef<{ sessionsEnded: number }>('RevokeOtherSessionsSuccess').implement({
  description: 'This session is the only one of the caller.',
  tenant: 'global',
  access: 'authenticated',
  fields: (t) => ({ sessionsEnded: t.exposeInt('sessionsEnded', { description: 'How many have ended.' }) }),
});

builder.mutationField('revokeOtherSessions', (t) =>
  t.field({
    type: RevokeOtherSessionsSuccess,
    ...NULL_ON_ERROR,
    tenant: 'global',
    access: 'authenticated',
    description: 'Ends every session of the caller but this one. FORBIDDEN for an API key.',
    errors: { types: [ValidationError] },
    resolve: (_root, _args, context) => {
      const cx = serviceContext(context);
      return noted(context, 'revokeOtherSessions', () => context.services.auth.revokeOtherSessions(cx), () => cx.principal.userId);
    },
  }),
);
