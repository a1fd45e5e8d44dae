import { describe, expect, test } from 'vitest';
import { ConflictError, ForbiddenError } from '../../kernel/errors.ts';
import {
  OPERATOR_PERMISSIONS,
  ORGANIZATION_ROLES,
  type OrganizationRole,
  ROLE_PERMISSIONS,
  withinScopes,
} from '../../kernel/permissions.ts';
import { type Actor, checkActOn, checkDeparture, checkHandOut, checkRoleChange } from './member.rules.ts';

const as = (role: OrganizationRole | null): Actor => ({
  role,
  permissions: new Set(role === null ? OPERATOR_PERMISSIONS : ROLE_PERMISSIONS[role]),
});

const outcome = (work: () => void): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (error instanceof ForbiddenError) return 'forbidden';
    if (error instanceof ConflictError) return 'conflict';
    throw error;
  }
};

const MAY_HAND_OUT: Record<string, OrganizationRole[]> = {
  viewer: [],
  customer: [], // a viewer sees members, a customer does not: nobody gives what they lack
  member: ['viewer', 'customer'],
  manager: ['viewer', 'customer'],
  admin: ['viewer', 'customer', 'member', 'manager'],
  owner: ['viewer', 'customer', 'member', 'manager', 'admin'],
  operator: ['viewer', 'customer', 'member', 'manager', 'admin'],
};

describe('handing out a role', () => {
  const cases = [...ORGANIZATION_ROLES, null].flatMap((actor) => ORGANIZATION_ROLES.map((role) => ({ actor, role })));

  test.each(cases)('by $actor of $role', ({ actor, role }) => {
    const refusal = role === 'owner' && (actor === 'owner' || actor === null) ? 'conflict' : 'forbidden';
    const expected = MAY_HAND_OUT[actor ?? 'operator']?.includes(role) ? 'ok' : refusal;
    expect(outcome(() => checkHandOut(as(actor), role))).toBe(expected);
  });

  test('a key with one scope cannot hand out what it lacks, whatever the role of its owner', () => {
    const key: Actor = { role: 'admin', permissions: withinScopes(ROLE_PERMISSIONS.admin, ['member:write']) };
    for (const role of ORGANIZATION_ROLES) expect(outcome(() => checkHandOut(key, role))).toBe('forbidden');
  });
});

test('roles change only below the actor, before and after', () => {
  expect(outcome(() => checkRoleChange(as('admin'), 'manager', 'viewer'))).toBe('ok');
  expect(outcome(() => checkRoleChange(as('admin'), 'admin', 'viewer'))).toBe('forbidden');
  expect(outcome(() => checkRoleChange(as('admin'), 'owner', 'viewer'))).toBe('forbidden');
  expect(outcome(() => checkRoleChange(as('admin'), 'viewer', 'admin'))).toBe('forbidden');
  expect(outcome(() => checkRoleChange(as('manager'), 'member', 'viewer'))).toBe('forbidden');
  expect(outcome(() => checkActOn(as('manager'), 'customer'))).toBe('ok');
});

test('the one owner is neither demoted nor removed, not even by an operator', () => {
  expect(outcome(() => checkRoleChange(as(null), 'owner', 'admin'))).toBe('conflict');
  expect(outcome(() => checkRoleChange(as(null), 'admin', 'owner'))).toBe('conflict');
  expect(outcome(() => checkDeparture('owner'))).toBe('conflict');
  expect(outcome(() => checkDeparture('admin'))).toBe('ok');
});
