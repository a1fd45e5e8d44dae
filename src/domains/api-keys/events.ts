import { toGlobalId } from '../../kernel/ids.ts';
import { type AuditEvent, type AuditKinds, type Changes, fieldsOf } from '../events/index.ts';
import { given } from '../given.ts';
import type { NewApiKey } from './issue.ts';

/** What is written down about what is done to API keys; what is done with them is in the events of auth. */
export const apiKeyEvents = {
  created: { type: 'API_KEY.CREATED', when: 'A key was made, by itself or as the successor of another.' },
  updated: { type: 'API_KEY.UPDATED', when: 'What a key may do, where or how much was changed.' },
  rotated: { type: 'API_KEY.ROTATED', when: 'A key was replaced by a successor, at once or with an overlap.' },
  usedUp: { type: 'API_KEY.USED_UP', when: 'A key asked for more than was left of its month, for the first time in it.' },
} as const satisfies AuditKinds;

/** That a key was made, for the member that it acts for: everything but what opens the door. */
export function keyCreated(id: string, memberId: string, key: NewApiKey): AuditEvent {
  const { name, type = 'personal', scopes, rateLimitPerHour, expiresAt = null, monthlyLimit = null } = key;
  const { allowedNetworks = [], allowedOrigins = [], requireSecondFactor = false } = key;
  const bounds = { allowedNetworks: [...allowedNetworks], allowedOrigins: [...allowedOrigins], requireSecondFactor, monthlyLimit };
  return {
    kind: apiKeyEvents.created,
    about: { type: 'ApiKey', id },
    concerning: [{ type: 'Member', id: memberId }],
    data: { after: fieldsOf({ name, type, scopes, expiresAt, ...given({ rateLimitPerHour }), ...bounds }) },
  };
}

/** That a key was changed, and in what. */
export function keyUpdated({ id, owner }: { readonly id: string; readonly owner: { readonly id: string } }, changes: Changes): AuditEvent {
  return { kind: apiKeyEvents.updated, about: { type: 'ApiKey', id }, concerning: [{ type: 'Member', id: owner.id }], data: changes };
}

/** What of a key says how long it opens the door. */
interface Life {
  readonly status: string;
  readonly expiresAt: Date | null;
}

const lifeOf = ({ status, expiresAt }: Life) => fieldsOf({ status, expiresAt });

/** That a key has a successor. */
export function keyRotated(key: Life & { id: string; owner: { id: string } }, retired: Life, successorId: string): AuditEvent {
  return {
    kind: apiKeyEvents.rotated,
    about: { type: 'ApiKey', id: key.id },
    concerning: [
      { type: 'ApiKey', id: successorId },
      { type: 'Member', id: key.owner.id },
    ],
    data: { before: lifeOf(key), after: lifeOf(retired), successor: toGlobalId('ApiKey', successorId) },
  };
}

/** That the calls of a month have come to their end. @param period the first day of the month. */
export function keyUsedUp(id: string, period: string): AuditEvent {
  return { kind: apiKeyEvents.usedUp, about: { type: 'ApiKey', id }, data: { month: period.slice(0, 7) } };
}
