import { describe, expect, test } from 'vitest';
import { InvalidTransitionError } from '../../kernel/errors.ts';
import {
  engineNamespace,
  isOrganizationSlug,
  isReservedSlug,
  isSlug,
  moveOrganization,
  organizationSlugFromName,
  type OrganizationStatus,
  reactivateOrganization,
  slugFromName,
  wakeOrganization,
} from './organization.rules.ts';

const STATUSES: OrganizationStatus[] = [
  'provisioning',
  'provisioning_failed',
  'active',
  'inactive',
  'suspended',
  'deleted',
];
const LEGAL = [
  'provisioning>active',
  'provisioning>provisioning_failed',
  'provisioning>deleted',
  'provisioning_failed>provisioning',
  'provisioning_failed>deleted',
  'active>suspended',
  'active>inactive',
  'active>deleted',
  'inactive>active',
  'inactive>deleted',
  'suspended>active',
  'suspended>deleted',
];

describe('the status of an organization', () => {
  test.each(STATUSES.flatMap((from) => STATUSES.map((to) => [from, to] as const)))(
    '%s to %s is legal only if listed',
    (from, to) => {
      const move = () => moveOrganization(from, to);
      if (LEGAL.includes(`${from}>${to}`)) expect(move()).toBe(to);
      else expect(move).toThrow(InvalidTransitionError);
    },
  );

  test('an operator lets in only what was let in before', () => {
    expect(reactivateOrganization('suspended')).toBe('active');
    expect(reactivateOrganization('inactive')).toBe('active');
    for (const from of ['provisioning', 'provisioning_failed', 'active', 'deleted'] as const) {
      expect(() => reactivateOrganization(from)).toThrow(InvalidTransitionError);
    }
  });
});

describe('slugs', () => {
  test.each([
    ['Acme', 'acme'],
    ['  Café Müller & Co. ', 'cafe-muller-co'],
    ['--x--', 'x'],
    ['東京', 'fallback'],
    ['a'.repeat(300), 'a'.repeat(60)],
    [`${'a'.repeat(59)} b`, 'a'.repeat(59)],
  ])('%j becomes %j', (name, slug) => {
    expect(slugFromName(name, 'fallback')).toBe(slug);
    expect(isSlug(slug)).toBe(true);
  });

  test.each(['', '-a', 'a-', 'A', 'a b', 'a_b', 'ä', 'a'.repeat(101), 'a\n'])('%j is no slug', (slug) => {
    expect(isSlug(slug)).toBe(false);
  });
});

test('the namespace has at most 24 characters of the slug and the end of the id', () => {
  const id = '0192d3a4-1111-7222-8333-44445555beef';
  expect(engineNamespace('acme', id)).toBe('org-acme-5555beef');
  expect(engineNamespace(`${'a'.repeat(23)}-long-name`, id)).toBe(`org-${'a'.repeat(23)}-5555beef`);
});

describe('the slug of an organization', () => {
  const id = '0192d3a4-1111-7222-8333-44445555beef';

  test.each([
    ['Acme', 'acme'],
    ['Ab!', 'ab-5555beef'],
    ['Admin', 'admin-5555beef'],
    ['東京本社', 'organization-5555beef'],
  ])('of %j is %j: never too short, never one that means something else', (name, slug) => {
    expect(organizationSlugFromName(name, id)).toBe(slug);
    expect(isOrganizationSlug(slug) && !isReservedSlug(slug)).toBe(true);
  });

  test('has three characters at least', () => {
    expect([isOrganizationSlug('ab'), isOrganizationSlug('abc')]).toEqual([false, true]);
  });
});

test('the owner wakes only an organization that rests: what the platform has closed is not its to open', () => {
  expect(wakeOrganization('inactive')).toBe('active');
  for (const from of STATUSES.filter((each) => each !== 'inactive')) expect(() => wakeOrganization(from)).toThrow(InvalidTransitionError);
});
