import { describe, expect, test } from 'vitest';
import { TenantContextError, UnauthenticatedError } from '../kernel/errors.ts';
import type { Principal } from '../kernel/principal.ts';
import { type GraphQLContext, orgIdOf, serviceContext } from './context.ts';

const request = (principal: Pick<Principal, 'tenant' | 'memberships'> | null) => ({ principal }) as GraphQLContext;
const outside = { tenant: null, memberships: [] };
const inside = { ...outside, tenant: { orgId: 'own', membershipId: null, role: null } };

describe('the organization of a request', () => {
  test("is the caller's", () => {
    expect(orgIdOf(request(inside))).toBe('own');
  });

  test('is nothing that somebody who is not signed in has', () => {
    expect(() => orgIdOf(request(null))).toThrow(UnauthenticatedError);
  });

  test('is nothing that somebody who has chosen none has', () => {
    expect(() => orgIdOf(request(outside))).toThrow(TenantContextError);
  });
});

describe('a use case', () => {
  test('is not begun for somebody who is not signed in', () => {
    expect(() => serviceContext(request(null))).toThrow(UnauthenticatedError);
    expect(serviceContext(request(outside)).principal).toBe(outside);
  });
});
