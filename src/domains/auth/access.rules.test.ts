import { describe, expect, test } from 'vitest';
import { AppError } from '../../kernel/errors.ts';
import { toGlobalId } from '../../kernel/ids.ts';
import {
  checkSession,
  chooseDestination,
  type KeyRecord,
  type Membership,
  operatorTenant,
  principalOfKey,
  principalOfSession,
  type SessionRecord,
  tenantOf,
} from './access.rules.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const LATER = new Date(NOW.getTime() + 1);
const ORG = '0192d3a4-1111-7222-8333-000000000001';
const OTHER = '0192d3a4-1111-7222-8333-000000000002';

const membership = (more: Partial<Membership> = {}): Membership => ({
  orgId: ORG,
  membershipId: 'm',
  role: 'member',
  status: 'active',
  organizationStatus: 'active',
  organizationName: 'Acme',
  organizationSlug: 'acme',
  requiresSecondFactor: false,
  ...more,
});
const key = (more: Partial<KeyRecord> = {}): KeyRecord => ({
  keyId: 'k',
  userId: 'u',
  keyStatus: 'active',
  expiresAt: null,
  rateLimitPerHour: 3600,
  scopes: ['*'],
  userStatus: 'active',
  membership: membership(),
  issuerUserId: null,
  issuerActive: true,
  ...more,
});
const session = (more: Partial<SessionRecord> = {}): SessionRecord => ({
  sessionId: 's',
  userId: 'u',
  accessExpiresAt: LATER,
  endedAt: null,
  provedAt: NOW,
  secondFactorAt: null,
  userStatus: 'active',
  systemRole: 'user',
  memberships: [membership()],
  ...more,
});

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code;
  }
};

describe('the order of the answers to a key', () => {
  // Everything is wrong at once; each line mends what the line before complained about.
  const closed = membership({ status: 'suspended', organizationStatus: 'suspended' });
  const worst = key({ keyStatus: 'revoked', expiresAt: NOW, userStatus: 'suspended', membership: closed, issuerActive: false });
  test.each<[string, Partial<KeyRecord>]>([
    ['UNAUTHENTICATED', {}],
    ['API_KEY_EXPIRED', { keyStatus: 'active' }],
    ['USER_NOT_ACTIVE', { keyStatus: 'active', expiresAt: LATER }],
    ['USER_NOT_ACTIVE', { keyStatus: 'active', expiresAt: LATER, userStatus: 'active' }],
    [
      'ORG_NOT_ACTIVE',
      {
        keyStatus: 'active',
        expiresAt: LATER,
        userStatus: 'active',
        membership: membership({ organizationStatus: 'suspended' }),
      },
    ],
    ['USER_NOT_ACTIVE', { keyStatus: 'active', expiresAt: LATER, userStatus: 'active', membership: membership() }],
    ['FORBIDDEN', { keyStatus: 'active', expiresAt: LATER, userStatus: 'active', membership: membership(), issuerActive: true }],
  ])('%s', (code, mended) => {
    expect(codeOf(() => principalOfKey({ ...worst, ...mended }, OTHER, NOW))).toBe(code);
  });

  test.each(['invited', 'suspended', 'left'] as const)('a %s membership lets no key in', (status) => {
    expect(codeOf(() => principalOfKey(key({ membership: membership({ status }) }), null, NOW))).toBe(
      'USER_NOT_ACTIVE',
    );
  });

  test.each(['provisioning', 'provisioning_failed', 'inactive', 'suspended', 'deleted'] as const)(
    'nor does a %s organization',
    (status) => {
      const entry = key({ membership: membership({ organizationStatus: status }) });
      expect(codeOf(() => principalOfKey(entry, null, NOW))).toBe('ORG_NOT_ACTIVE');
    },
  );
});

test("a key of a super administrator's carries nothing of the platform", () => {
  const principal = principalOfKey(
    key({ membership: membership({ role: 'owner' }), scopes: ['*', 'platform:admin'] }),
    null,
    NOW,
  );
  expect(principal.permissions.has('platform:admin')).toBe(false);
  expect(principal.systemRole).toBe('user');
});

test('a session stands until it ends, expires, or its person is gone or suspended', () => {
  expect(codeOf(() => checkSession(session(), NOW))).toBe('ok');
  expect(codeOf(() => checkSession(session({ endedAt: NOW }), NOW))).toBe('UNAUTHENTICATED');
  expect(codeOf(() => checkSession(session({ accessExpiresAt: NOW }), NOW))).toBe('UNAUTHENTICATED');
  expect(codeOf(() => checkSession(session({ userStatus: 'deleted' }), NOW))).toBe('UNAUTHENTICATED');
  expect(codeOf(() => checkSession(session({ userStatus: 'suspended' }), NOW))).toBe('USER_NOT_ACTIVE');
});

describe('where a session works', () => {
  const second = membership({ orgId: OTHER });

  test('in the only membership, an invitation aside; in none when there are several or none', () => {
    const choose = (...memberships: Membership[]) => chooseDestination(session({ memberships }), null);
    expect(choose(membership())).toEqual({ membership: membership() });
    expect(choose(membership(), membership({ orgId: OTHER, status: 'invited' }))).toEqual({ membership: membership() });
    expect(choose(membership(), second)).toEqual({ membership: null });
    expect(choose()).toEqual({ membership: null });
    expect(choose(membership({ status: 'invited' }))).toEqual({ membership: null });
  });

  test('in the only membership no more than in any other when it, or its organization, is closed', () => {
    const only = (more: Partial<Membership>) => chooseDestination(session({ memberships: [membership(more)] }), null);
    expect(only({ status: 'suspended' })).toEqual({ membership: null, shutOut: expect.objectContaining({ code: 'USER_NOT_ACTIVE' }) });
    expect(only({ organizationStatus: 'suspended' })).toEqual({ membership: null, shutOut: expect.objectContaining({ code: 'ORG_NOT_ACTIVE' }) });
    expect(codeOf(() => chooseDestination(session({ memberships: [membership({ status: 'suspended' })] }), membership().orgId))).toBe('USER_NOT_ACTIVE');
  });

  test('a closed organization among several does not make the choice for the person', () => {
    const closed = membership({ orgId: OTHER, organizationStatus: 'suspended' });
    expect(chooseDestination(session({ memberships: [membership(), closed] }), null)).toEqual({ membership: null });
  });

  test('where it says, if the person is in it and it is open', () => {
    const memberships = [membership(), second];
    expect(chooseDestination(session({ memberships }), OTHER)).toEqual({ membership: second });
    expect(chooseDestination(session({ memberships }), toGlobalId('Organization', OTHER))).toEqual({
      membership: second,
    });
    for (const named of [
      '0192d3a4-1111-7222-8333-000000000003',
      toGlobalId('Member', OTHER),
      OTHER.toUpperCase(),
      '',
      'x'.repeat(9_999),
    ]) {
      expect(codeOf(() => chooseDestination(session({ memberships }), named))).toBe('FORBIDDEN');
    }
    const closed = (more: Partial<Membership>) =>
      codeOf(() => chooseDestination(session({ memberships: [membership(more)] }), ORG));
    expect(closed({ status: 'suspended' })).toBe('USER_NOT_ACTIVE');
    expect(closed({ organizationStatus: 'suspended' })).toBe('ORG_NOT_ACTIVE');
  });

  test('an operator asks for any organization as the operator, and is in none before', () => {
    const operator = (named: string | null, ...memberships: Membership[]) =>
      chooseDestination(session({ systemRole: 'super_admin', memberships }), named);
    expect(operator(OTHER, membership())).toEqual({ operatorOf: OTHER });
    expect(operator(ORG, membership())).toEqual({ operatorOf: ORG });
    expect(operator(ORG, membership({ status: 'suspended' }))).toEqual({ operatorOf: ORG });
    expect(operator(null, membership())).toEqual({ membership: null });
    expect(codeOf(() => operator('nonsense'))).toBe('FORBIDDEN');
    const visit = (found: Parameters<typeof operatorTenant>[0]) => codeOf(() => operatorTenant(found, session()));
    expect(visit(null)).toBe('FORBIDDEN');
    expect(visit({ orgId: ORG, organizationStatus: 'suspended', requiresSecondFactor: false })).toBe('ORG_NOT_ACTIVE');
  });

  test('with a second factor where the organization asks for one, and in none without: only so can one be set up', () => {
    const strict = membership({ requiresSecondFactor: true });
    const enter = (secondFactorAt: Date | null, named: string | null) => chooseDestination(session({ memberships: [strict], secondFactorAt }), named);
    expect(enter(NOW, ORG)).toEqual({ membership: strict });
    expect(enter(NOW, null)).toEqual({ membership: strict });
    expect(codeOf(() => enter(null, ORG))).toBe('SECOND_FACTOR_REQUIRED');
    expect(enter(null, null)).toEqual({ membership: null, shutOut: expect.objectContaining({ code: 'SECOND_FACTOR_REQUIRED', tenant: expect.objectContaining({ orgId: ORG }) }) });
  });

  test('as an operator not without a second factor either, where members need one', () => {
    const strict = { orgId: ORG, organizationStatus: 'active' as const, requiresSecondFactor: true };
    expect(codeOf(() => operatorTenant(strict, session()))).toBe('SECOND_FACTOR_REQUIRED');
    expect(operatorTenant(strict, session({ secondFactorAt: NOW }))).toEqual({ orgId: ORG, membershipId: null, role: null });
  });

  test('in none while the only one rests, its owner too: from there it is opened again', () => {
    for (const role of ['owner', 'admin'] as const) {
      const resting = chooseDestination(session({ memberships: [membership({ organizationStatus: 'inactive', role })] }), null);
      expect(resting).toEqual({ membership: null, shutOut: expect.objectContaining({ code: 'ORG_NOT_ACTIVE' }) });
    }
  });

  test('only a super administrator is one: a system administrator is like everybody', () => {
    expect(codeOf(() => chooseDestination(session({ systemRole: 'admin' }), OTHER))).toBe('FORBIDDEN');
    expect(principalOfSession(session({ systemRole: 'admin' }), null, 0).permissions.size).toBe(0);
  });
});

test('what a session may do is what its role there may do, and the platform for a super administrator', () => {
  const permissions = (systemRole: SessionRecord['systemRole'], tenant: Parameters<typeof principalOfSession>[1]) =>
    [...principalOfSession(session({ systemRole }), tenant, 0).permissions].sort();
  const viewer = tenantOf(membership({ role: 'viewer' }));
  expect(permissions('user', null)).toEqual([]);
  expect(permissions('user', viewer)).toEqual(['member:read', 'organization:read', 'workflow:read']);
  expect(permissions('super_admin', viewer)).toEqual([
    'member:read',
    'organization:read',
    'platform:admin',
    'workflow:read',
  ]);
  expect(permissions('super_admin', null)).toEqual(['platform:admin']);
  expect(permissions('super_admin', { orgId: ORG, membershipId: null, role: null })).toContain('organization:delete');
});

test('a session says until when its proof is enough, and whether it had a second factor', () => {
  const { provedUntil, secondFactorAt } = principalOfSession(session({ provedAt: NOW, secondFactorAt: NOW }), null, 600_000);
  expect([provedUntil, secondFactorAt]).toEqual([new Date(NOW.getTime() + 600_000), NOW]);
});

test('a session shows where its person is or was invited, and which of it is open', () => {
  const shown = principalOfSession(
    session({
      memberships: [
        membership({ orgId: 'open' }),
        membership({ orgId: 'suspended there', status: 'suspended' }),
        membership({ orgId: 'of a suspended one', organizationStatus: 'suspended' }),
        membership({ orgId: 'invited', status: 'invited' }),
        membership({ orgId: 'left', status: 'left' }),
        membership({ orgId: 'of a deleted one', organizationStatus: 'deleted' }),
      ],
    }),
    null,
    0,
  );
  expect(shown.memberships.map(({ orgId, active }) => [orgId, active])).toEqual([
    ['open', true],
    ['suspended there', false],
    ['of a suspended one', false],
    ['invited', false],
  ]);
});
