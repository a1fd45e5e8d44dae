import type { Clock } from '../../kernel/clock.ts';
import type { FoundApiKey, FoundOrganization, PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
import type { SessionRecord } from './access.rules.ts';
import { type CredentialCache, createCredentialCache, type Generation, type Tag, tagOf } from './credential-cache.ts';

/** Tells whether changes made anywhere reach this process within a moment. */
export interface AccessFeed {
  isListening(): boolean;
}

/** What authentication reads, remembered while the feed tells what changes. */
export interface Lookups {
  /** Whether the secret is right is not known yet. */
  key(fingerprint: Buffer<ArrayBuffer>): Promise<FoundApiKey | null>;
  session(accessHash: Buffer<ArrayBuffer>): Promise<SessionRecord | null>;
  /** Null unless the user is an active super administrator and the organization exists. */
  operatorOrganization(userId: string, orgId: string): Promise<FoundOrganization | null>;
}

export interface LookupDependencies {
  readonly preTenant: PreTenantDatabase;
  readonly clock: Clock;
  readonly accessFeed: AccessFeed;
}

export const CACHE_LIMITS = { max: 10_000, ageMs: 60_000 };

/** A look-up that has not been answered yet. */
interface Pending {
  readonly generation: Generation;
  readonly found: Promise<object | null>;
}

/**
 * The look-ups of one process. Whoever asks for the same while it is looked up waits for the same answer, unless anything
 * has changed since that was asked, or changes cannot be heard: then the answer may be older than the question.
 */
export function createLookups(
  dependencies: LookupDependencies,
): Lookups & Pick<CredentialCache<object>, 'forget' | 'clear'> {
  const { preTenant, clock, accessFeed } = dependencies;
  const cache = createCredentialCache<object>(CACHE_LIMITS);
  const underWay = new Map<string, Pending>();

  /** The remembered record, or the one that `look` finds. What is not found is never remembered: it may appear. */
  async function recall<Found extends object>(
    key: string,
    look: () => Promise<Found | null>,
    tagsOf: (found: Found) => readonly Tag[],
  ): Promise<Found | null> {
    // Nothing that was remembered before the silence can be trusted after it.
    if (!accessFeed.isListening()) cache.clear();
    const known = cache.get(key, clock.now());
    if (known !== undefined) return known as Found;
    const generation = cache.begin();
    const pending = underWay.get(key);
    // While nothing can be heard each question has just begun a generation of its own.
    if (pending?.generation === generation) return pending.found as Promise<Found | null>;
    const found = look().then((record) => {
      if (record !== null && accessFeed.isListening()) cache.set(key, record, tagsOf(record), generation, clock.now());
      return record;
    });
    const asked: Pending = { generation, found };
    underWay.set(key, asked);
    const forget = (): void => {
      if (underWay.get(key) === asked) underWay.delete(key);
    };
    found.then(forget, forget);
    return found;
  }

  return {
    key: (fingerprint) =>
      recall(`key:${fingerprint.toString('base64')}`, () => preTenant.findApiKey(fingerprint), keyTags),
    session: (accessHash) =>
      recall<SessionRecord>(
        `session:${accessHash.toString('base64')}`,
        () => preTenant.findSession(accessHash),
        sessionTags,
      ),
    operatorOrganization: (userId, orgId) =>
      recall(
        `operator:${userId}:${orgId}`,
        () => preTenant.findOrganizationForOperator(userId, orgId),
        () => [tagOf({ kind: 'user', id: userId }), tagOf({ kind: 'org', id: orgId })],
      ),
    forget: cache.forget,
    clear: cache.clear,
  };
}

/** Whoever made a key decides about it as its owner does. */
function keyTags({ keyId, userId, issuerUserId, orgId }: FoundApiKey): Tag[] {
  const people = new Set(issuerUserId === null ? [userId] : [userId, issuerUserId]);
  return [tagOf({ kind: 'key', id: keyId }), ...[...people].map((id) => tagOf({ kind: 'user', id })), tagOf({ kind: 'org', id: orgId })];
}

function sessionTags({ sessionId, userId, memberships }: SessionRecord): Tag[] {
  return [
    tagOf({ kind: 'session', id: sessionId }),
    tagOf({ kind: 'user', id: userId }),
    ...memberships.map(({ orgId }) => tagOf({ kind: 'org', id: orgId })),
  ];
}
