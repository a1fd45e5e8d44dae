import { ConflictError, type FieldProblem, ForbiddenError, ValidationError } from '../../kernel/errors.ts';
import {
  covers,
  isScope,
  mayManageRole,
  type OrganizationRole,
  type Permission,
  PERMISSIONS,
  reachOf,
} from '../../kernel/permissions.ts';

/** Who manages a key, as far as the rules care. */
export interface KeyManager {
  readonly kind: 'user' | 'apiKey';
  readonly userId: string;
  /** Null: a super administrator, above every role. */
  readonly role: OrganizationRole | null;
  readonly permissions: ReadonlySet<Permission>;
}

/** Whose key it is. */
export interface KeyOwner {
  readonly userId: string;
  readonly role: OrganizationRole;
}

/**
 * Everybody manages their own keys; those of others need the permission and a role above theirs. A key manages keys
 * only if it was given that permission: a narrow key that leaked must not be able to outlive its revocation.
 *
 * @throws ForbiddenError
 */
export function checkManagement(manager: KeyManager, owner: KeyOwner): void {
  const own = manager.userId === owner.userId;
  if (own && manager.kind === 'user') return;
  if (!manager.permissions.has('apiKey:write')) {
    const text = own ? 'This API key may not manage API keys.' : 'You can only manage your own API keys.';
    throw new ForbiddenError(text, { permission: 'apiKey:write' });
  }
  if (!own && !mayManageRole(manager.role, owner.role)) {
    throw new ForbiddenError('You can only manage API keys of members with a role below your own.');
  }
}

/** What is wrong with each scope by itself. `platform:admin` belongs to people, never to keys. */
function problemOf(scope: string): string | null {
  if (!isScope(scope)) return `must be a permission, "noun:*" or "*": ${nearest(scope)}`;
  if (scope !== '*' && covers(scope, 'platform:admin')) return 'cannot be given to an API key';
  return null;
}

/** Those that a key can have. */
const OF_KEYS = PERMISSIONS.filter((permission) => permission !== 'platform:admin');
/** The letters alone, and no plural: the schema writes permissions as WORKFLOW_READ, and people write workflows.read. */
const letters = (text: string): string => text.toLowerCase().replace(/[^a-z]|s/g, '');

/** What was probably meant, or else all there is to choose from. */
function nearest(scope: string): string {
  const meant = OF_KEYS.find((permission) => letters(permission) === letters(scope));
  return meant === undefined ? OF_KEYS.join(', ') : `did you mean ${meant}?`;
}

/** @throws ValidationError naming each scope that no key can have. */
export function checkScopes(scopes: readonly string[]): void {
  const problems = scopes.flatMap((scope, place): FieldProblem[] => {
    const message = problemOf(scope);
    return message === null ? [] : [{ path: ['scopes', String(place)], message }];
  });
  if (problems.length > 0) throw new ValidationError(problems);
}

/** Whether other scopes let a key do something that it could not do before, now or after a promotion of its owner. */
export function widens(scopes: readonly string[], former: readonly string[]): boolean {
  const reaches = (list: readonly string[], permission: Permission): boolean => list.some((scope) => covers(scope, permission));
  return PERMISSIONS.some((permission) => reaches(scopes, permission) && !reaches(former, permission));
}

/** Nobody makes a key that may do more than they may themselves. @throws ForbiddenError naming what is too much. */
export function checkReach(manager: KeyManager, ownerRole: OrganizationRole, scopes: readonly string[]): void {
  const beyond = reachOf(scopes, ownerRole).filter((permission) => !manager.permissions.has(permission));
  if (beyond.length > 0) throw new ForbiddenError(`You cannot give a key what you may not do: ${beyond.join(', ')}.`);
}

/**
 * The scopes as they are stored. A key that somebody makes for another member, or that a key makes, keeps what it could
 * do on the day it was made: a wildcard would grow with every promotion of its owner, under a secret that others know.
 */
export function fixScopes(manager: KeyManager, owner: KeyOwner, scopes: readonly string[]): readonly string[] {
  const own = manager.kind === 'user' && manager.userId === owner.userId;
  return own ? scopes : reachOf(scopes, owner.role);
}

/**
 * When a new key ends. One that is made by a key ends with it at the latest.
 *
 * @throws ValidationError for a later time.
 */
export function boundExpiry(asked: Date | null, makerEnds: Date | null): Date | null {
  if (makerEnds === null) return asked;
  if (asked !== null && asked > makerEnds) {
    throw ValidationError.of('expiresAt', 'must not be later than the end of the API key that makes this one');
  }
  return asked ?? makerEnds;
}

/** @throws ValidationError for a time that has passed. */
export function checkExpiry(expiresAt: Date | null | undefined, now: Date): void {
  if (expiresAt && !(expiresAt.getTime() > now.getTime()))
    throw ValidationError.of('expiresAt', 'must be in the future');
}

/**
 * Only on a key of one's own: on another's it would tell, by whether the key opens the door, who has a second factor and so
 * an account at all, of people whom an organization has added without asking them.
 *
 * @throws ValidationError
 */
export function checkSecondFactorRule(manager: KeyManager, owner: KeyOwner, requireSecondFactor: boolean): void {
  if (requireSecondFactor && manager.userId !== owner.userId) {
    throw ValidationError.of('requireSecondFactor', 'is possible only on a key for yourself: let the member set it');
  }
}

/** How many keys of one member may be at work at once, so that nobody makes more than can be ended. */
export const MEMBER_LIVE_KEYS_MAX = 1_000;
/**
 * How many of one organization: a report, a removal or a deletion ends them all in one transaction, and names them in one
 * statement, which takes 32,767 parameters. Raise it only together with how they are ended.
 */
export const ORGANIZATION_LIVE_KEYS_MAX = 5_000;

/** @param live how many are at work now. @throws ConflictError when there is no room for one more. */
export function checkRoom(live: { readonly member: number; readonly organization: number }): void {
  if (live.member >= MEMBER_LIVE_KEYS_MAX) throw noRoom('member', MEMBER_LIVE_KEYS_MAX);
  if (live.organization >= ORGANIZATION_LIVE_KEYS_MAX) throw noRoom('organization', ORGANIZATION_LIVE_KEYS_MAX);
}

const noRoom = (whose: string, max: number): ConflictError =>
  new ConflictError(`This ${whose} has ${max.toLocaleString('en-US')} API keys that are at work: revoke some first.`);

/** When a key ends. */
type End = Date | null;

/** Whether a key ends later than before. */
export const endsLater = (end: End, former: End): boolean => former !== null && (end === null || end > former);

/** The part of a key that decides whether it can be rotated or changed. */
export interface LifeOfKey {
  readonly status: 'active' | 'revoked';
  readonly expiresAt: Date | null;
  readonly supersededById: string | null;
}

/** @throws ConflictError unless the key works now and was not rotated before: what has ended is not brought back. */
export function checkLive(key: LifeOfKey, now: Date): void {
  if (key.status === 'revoked') throw new ConflictError('This API key is revoked: create a new one.');
  if (key.supersededById !== null) throw new ConflictError('This API key was rotated already: take its successor.');
  if (key.expiresAt !== null && key.expiresAt <= now)
    throw new ConflictError('This API key has expired: create a new one.');
}

/** What a rotated key becomes: revoked at once, or expiring after the overlap, but never later than it would have. */
export function retire(key: LifeOfKey, now: Date, overlapSeconds: number): RetiredKey {
  if (overlapSeconds === 0) return { status: 'revoked', revokedAt: now, expiresAt: key.expiresAt };
  const end = new Date(now.getTime() + overlapSeconds * 1000);
  return {
    status: 'active',
    revokedAt: null,
    expiresAt: key.expiresAt !== null && key.expiresAt < end ? key.expiresAt : end,
  };
}

export interface RetiredKey {
  readonly status: 'active' | 'revoked';
  readonly revokedAt: Date | null;
  readonly expiresAt: Date | null;
}
