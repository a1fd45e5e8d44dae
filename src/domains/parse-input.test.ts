import { expect, test } from 'vitest';
import { z } from 'zod';
import { ValidationError } from '../kernel/errors.ts';
import { emailAddress, idempotencyKey, line, optional, paragraph } from './input-fields.ts';
import { parseInput } from './parse-input.ts';

const schema = z.strictObject({
  name: line(3, 10),
  about: paragraph(10).nullish(),
  email: emailAddress.optional(),
  size: optional(z.int().min(1).max(5)),
  kind: optional(z.enum(['a', 'b'])),
  list: z.array(z.string()).min(1).optional(),
  idempotencyKey,
});

const problemsOf = (input: unknown): string => {
  try {
    parseInput(schema, input);
    return '';
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.message;
  }
};

test('a right input comes out in the form it is stored in', () => {
  expect(
    parseInput(schema, { name: '  Anna ', about: ' ', email: ' Anna@X.Test ', size: null, idempotencyKey: null }),
  ).toEqual({
    name: 'Anna',
    about: null,
    email: 'anna@x.test',
    size: undefined,
    idempotencyKey: null,
  });
});

test.each<[unknown, string]>([
  [undefined, ': is required'],
  ['text', ': must be an object'],
  [{}, 'name: is required'],
  [{ name: null }, 'name: is required'],
  [{ name: 1 }, 'name: must be a string'],
  [{ name: 'ab' }, 'name: must be 3 to 10 characters long'],
  [{ name: 'x'.repeat(11) }, 'name: must be 3 to 10 characters long'],
  [{ name: 'a\u0000c' }, 'name: must not contain control characters'],
  [{ name: 'a\nc' }, 'name: must not contain control characters'],
  [{ name: 'abc', about: 'x'.repeat(11) }, 'about: must be at most 10 characters long'],
  [{ name: 'abc', email: 'nobody' }, 'email: must be an email address'],
  [{ name: 'abc', size: 0 }, 'size: must be 1 or more'],
  [{ name: 'abc', size: 6 }, 'size: must be 5 or less'],
  [{ name: 'abc', size: 1.5 }, 'size: must be a whole number'],
  [{ name: 'abc', kind: 'c' }, 'kind: must be one of a, b'],
  [{ name: 'abc', list: [] }, 'list: must have 1 or more entries'],
  [{ name: 'abc', orgId: 'x' }, 'orgId: is not a field of this input'],
  [{ name: 'abc', idempotencyKey: '' }, 'idempotencyKey: must be 1 to 255 characters long'],
])('%j: %s', (input, message) => {
  expect(problemsOf(input)).toBe(message);
});

test('characters are counted as people and the database count them', () => {
  expect(problemsOf({ name: '😀😀😀' })).toBe('');
  expect(problemsOf({ name: '😀a' })).toBe('name: must be 3 to 10 characters long');
  expect(problemsOf({ name: '😀'.repeat(10) })).toBe('');
});

test('a value is never repeated, because it may be a secret', () => {
  const secret = 'hunter2\u0000hunter2';
  expect(problemsOf({ name: secret, email: secret, kind: secret, about: secret, size: secret })).not.toContain(
    'hunter2',
  );
});
