import { describe, expect, test } from 'vitest';
import { ConflictError, ForbiddenError, ValidationError } from '../../kernel/errors.ts';
import {
  OPERATOR_PERMISSIONS,
  type OrganizationRole,
  PERMISSIONS,
  ROLE_PERMISSIONS,
  withinScopes,
} from '../../kernel/permissions.ts';
import {
  checkExpiry,
  checkManagement,
  checkReach,
  checkRoom,
  checkLive,
  checkScopes,
  type KeyManager,
  type KeyOwner,
  MEMBER_LIVE_KEYS_MAX,
  ORGANIZATION_LIVE_KEYS_MAX,
  retire,
} from './api-key.rules.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const later = (seconds: number) => new Date(NOW.getTime() + seconds * 1000);

const person = (role: OrganizationRole | null, userId = 'me'): KeyManager => ({
  kind: 'user',
  userId,
  role,
  permissions: new Set(role === null ? OPERATOR_PERMISSIONS : ROLE_PERMISSIONS[role]),
});
const keyOf = (role: OrganizationRole, ...scopes: string[]): KeyManager => ({
  ...person(role),
  kind: 'apiKey',
  permissions: withinScopes(ROLE_PERMISSIONS[role], scopes),
});
const owner = (role: OrganizationRole, userId = 'other'): KeyOwner => ({ role, userId });

describe('who manages a key', () => {
  test('everybody their own', () => {
    for (const role of ['viewer', 'customer', 'member', 'manager', 'admin', 'owner'] as const) {
      expect(() => checkManagement(person(role), owner(role, 'me'))).not.toThrow();
    }
  });

  test.each<[OrganizationRole | null, OrganizationRole, boolean]>([
    ['member', 'viewer', false],
    ['manager', 'customer', true],
    ['manager', 'member', false],
    ['admin', 'manager', true],
    ['admin', 'admin', false],
    ['admin', 'owner', false],
    ['owner', 'admin', true],
    [null, 'owner', true],
  ])('%s those of a %s: %s', (role, target, allowed) => {
    const act = () => checkManagement(person(role), owner(target));
    if (allowed) expect(act).not.toThrow();
    else expect(act).toThrow(ForbiddenError);
  });

  test("a key only with the permission, also its owner's", () => {
    expect(() => checkManagement(keyOf('owner', 'workflow:*'), owner('owner', 'me'))).toThrow(ForbiddenError);
    expect(() => checkManagement(keyOf('viewer', '*'), owner('viewer', 'me'))).toThrow(ForbiddenError);
    expect(() => checkManagement(keyOf('owner', 'apiKey:write'), owner('owner', 'me'))).not.toThrow();
  });
});

describe('scopes', () => {
  test("every permission but the platform's, every noun and the star are known", () => {
    const scopes = [...PERMISSIONS.filter((one) => one !== 'platform:admin'), 'workflow:*', 'apiKey:*', '*'];
    expect(() => checkScopes(scopes)).not.toThrow();
  });

  test.each([
    '',
    ':',
    ':*',
    'workflow',
    'workflow:',
    'workflow:r*',
    '**',
    '*:read',
    'WORKFLOW:READ',
    'platform:admin',
    'platform:*',
  ])('%j is refused', (scope) => expect(() => checkScopes(['workflow:read', scope])).toThrow(ValidationError));

  test.each([
    ['WORKFLOW_READ', 'did you mean workflow:read?'],
    ['workflows.write', 'did you mean workflow:write?'],
    ['APIKEY_READ', 'did you mean apiKey:read?'],
    ['everything', 'organization:read, '],
    ['PLATFORM_ADMIN', 'organization:read, '],
  ])('that are none are answered with the one that was meant, or with all that a key can have: %s', (scope, cure) => {
    const check = (): void => checkScopes([scope]);
    expect(check).toThrow(`scopes.0: must be a permission, "noun:*" or "*": ${cure}`);
    expect(check).not.toThrow('platform:admin');
  });

  test("a wildcard stands for what the owner of the key may do, and that must be the maker's too", () => {
    expect(() => checkReach(person('viewer'), 'viewer', ['*'])).not.toThrow();
    expect(() => checkReach(person('admin'), 'member', ['workflow:*', '*'])).not.toThrow();
    expect(() => checkReach(keyOf('owner', 'apiKey:write'), 'owner', ['*'])).toThrow(ForbiddenError);
    expect(() => checkReach(keyOf('owner', 'apiKey:write'), 'owner', ['apiKey:write'])).not.toThrow();
  });

  test("a permission by name must be the maker's, even where the owner of the key could not use it", () => {
    expect(() => checkReach(person('viewer'), 'viewer', ['workflow:write'])).toThrow('workflow:write');
    expect(() => checkReach(person('manager'), 'viewer', ['organization:write'])).toThrow(ForbiddenError);
  });
});

test('a key expires in the future or never', () => {
  expect(() => checkExpiry(null, NOW)).not.toThrow();
  expect(() => checkExpiry(undefined, NOW)).not.toThrow();
  expect(() => checkExpiry(later(1), NOW)).not.toThrow();
  for (const expiresAt of [NOW, later(-1), new Date(Number.NaN)])
    expect(() => checkExpiry(expiresAt, NOW)).toThrow(ValidationError);
});

describe('rotation and change', () => {
  const live = { status: 'active', expiresAt: null, supersededById: null } as const;

  test('are for a live key that has no successor', () => {
    expect(() => checkLive(live, NOW)).not.toThrow();
    expect(() => checkLive({ ...live, expiresAt: later(1) }, NOW)).not.toThrow();
    for (const dead of [{ status: 'revoked' as const }, { supersededById: 'x' }, { expiresAt: NOW }]) {
      expect(() => checkLive({ ...live, ...dead }, NOW)).toThrow(ConflictError);
    }
  });

  test('a rotation revokes at once, or lets the key expire after the overlap but never later than it would have', () => {
    expect(retire(live, NOW, 0)).toEqual({ status: 'revoked', revokedAt: NOW, expiresAt: null });
    expect(retire(live, NOW, 60)).toEqual({ status: 'active', revokedAt: null, expiresAt: later(60) });
    expect(retire({ ...live, expiresAt: later(30) }, NOW, 60)).toMatchObject({ expiresAt: later(30) });
    expect(retire({ ...live, expiresAt: later(90) }, NOW, 60)).toMatchObject({ expiresAt: later(60) });
  });
});

test('a member and an organization have room for keys at work up to a bound, and who is over it hears whose and what to do', () => {
  const [member, organization] = [MEMBER_LIVE_KEYS_MAX, ORGANIZATION_LIVE_KEYS_MAX];
  expect([member, organization]).toEqual([1_000, 5_000]);
  expect(() => checkRoom({ member: member - 1, organization: organization - 1 })).not.toThrow();
  const full = (live: { member: number; organization: number }) => () => checkRoom(live);
  expect(full({ member, organization: member })).toThrow(new ConflictError('This member has 1,000 API keys that are at work: revoke some first.'));
  expect(full({ member: 0, organization })).toThrow(new ConflictError('This organization has 5,000 API keys that are at work: revoke some first.'));
  expect(full({ member: member + 1, organization: organization + 1 })).toThrow(ConflictError);
});
