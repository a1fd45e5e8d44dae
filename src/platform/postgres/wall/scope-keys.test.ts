import { describe, expect, test } from 'vitest';
import { TenantContextError, TenantViolationError } from '../../../kernel/errors.ts';
import { scopedModels } from '../models.ts';
import { createScope } from '../tenancy.ts';
import { type Guard, keyOf, modelOf, requireOwn, requirePart } from './scope-keys.ts';

const OWN = '01900000-0000-7000-8000-000000000001';
const OTHER = '01900000-0000-7000-8000-000000000002';
const PERSON = '01900000-0000-7000-8000-000000000003';

const guardOf = (orgId: string | null, userId: string | null): Guard => ({ models: scopedModels, scope: createScope({ orgId, userId }) });
const guard = guardOf(OWN, PERSON);
const task = modelOf(guard, 'Task');

test('a model that nobody knows is refused', () => {
  expect(() => modelOf(guard, 'Nonsense')).toThrow(TenantViolationError);
});

describe('the key of a row', () => {
  test("is the organization's or the person's", () => {
    expect([keyOf(guard, task), keyOf(guard, modelOf(guard, 'Session'))]).toEqual([OWN, PERSON]);
  });

  test('is missing where there is no organization, or nobody is signed in', () => {
    expect(() => keyOf(guardOf(null, PERSON), task)).toThrow(new TenantContextError());
    expect(() => keyOf(guardOf(OWN, null), modelOf(guard, 'Session'))).toThrow('Session belongs to a person, and nobody is signed in.');
  });
});

describe('an organization that a call names', () => {
  test.each([OWN, { equals: OWN }, { set: OWN }, { in: [OWN] }, { in: [OWN, OWN], equals: OWN }])('is the own one: %j', (value) => {
    expect(() => requireOwn(guard, task, value)).not.toThrow();
  });

  test.each([
    OTHER,
    undefined,
    null,
    {},
    [OWN],
    { equals: OTHER },
    { set: OTHER },
    { in: [] },
    { in: [OTHER] },
    { in: [OWN, OTHER] },
    { in: OWN },
    { equals: OWN, in: [OTHER] },
    { not: OTHER },
    { notIn: [OTHER] },
    { gte: OWN },
    { length: 0 },
  ])('is refused when it is not certainly that: %j', (value) => {
    expect(() => requireOwn(guard, task, value)).toThrow(TenantViolationError);
  });
});

test.each([undefined, null, 'x', 1, [], new Date()])('%j is no part of a call', (value) => {
  expect(() => requirePart(value, 'This')).toThrow('This must be an object: undefined would mean "no filter at all".');
});
