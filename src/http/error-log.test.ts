import { describe, expect, test } from 'vitest';
import { AppError, TenantViolationError } from '../kernel/errors.ts';
import { describeForLog } from './error-log.ts';

const SECRET = 'hunter2xyzzy';

/** An error that `work` throws. */
const thrownBy = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
};

describe('the text of an error', () => {
  test('is kept when it is one of this project, and hides nothing', () => {
    const cause = new TenantViolationError('a batch held keys of several organizations');
    expect(describeForLog(cause)).toMatchObject({
      name: 'TenantViolationError',
      text: cause.message,
      code: 'INTERNAL',
    });
  });

  const nothing: any = undefined;
  const empty: any = {};
  test.each<[() => unknown, string | undefined]>([
    [() => nothing.name, "Cannot read properties of undefined (reading 'name')"],
    [() => nothing[`${SECRET} and more`], undefined],
    [() => empty.missing(), 'empty.missing is not a function'],
    [() => new empty.Missing(), 'empty.Missing is not a constructor'],
    [() => missingEverywhere, 'missingEverywhere is not defined'],
    [
      () =>
        (function again(): number {
          return again() + 1;
        })(),
      'Maximum call stack size exceeded',
    ],
  ])('of the language about a mistake is kept when it can have names only: %s', (work, text) => {
    expect(describeForLog(thrownBy(work)).text).toBe(text);
  });

  test.each([
    () => JSON.parse(`{"password": ${SECRET}}`),
    () => BigInt(SECRET),
    () => new URL(`http://[${SECRET}`),
    () => Object.defineProperty(SECRET, 'x', {}),
    () => new Map([SECRET] as never),
    () => ((SECRET as any).x = 1),
    () => SECRET.repeat(-1),
    () => decodeURIComponent(`%${SECRET}`),
    () => new Intl.DateTimeFormat('en', { timeZone: SECRET }),
    () => structuredClone({ [SECRET]: () => SECRET }),
  ])('is left out when it may hold a value: %s', (work) => {
    const logged = describeForLog(thrownBy(work));
    expect(JSON.stringify(logged)).not.toContain(SECRET);
    expect(logged.at.length).toBeGreaterThan(0);
  });
});

test('a text of many lines that look like places is left out with all of them', () => {
  const error = new Error(`first\n    at ${SECRET} (file.ts:1:2)\n    at ${SECRET}:1:2`);
  const { at } = describeForLog(error);
  expect(at.join()).not.toContain(SECRET);
  expect(at[0]).toContain('error-log.test.ts');
});

test('properties and causes are not written out, but for codes, and as deep as four', () => {
  const innermost = Object.assign(new Error(SECRET), { code: 'ECONNRESET', detail: SECRET, query: SECRET });
  const error = new AppError('SERVICE_UNAVAILABLE', 'later', { cause: new Error(SECRET, { cause: innermost }) });
  const logged = describeForLog(error);
  expect(JSON.stringify(logged)).not.toContain(SECRET);
  expect(logged.cause?.cause).toMatchObject({ name: 'Error', code: 'ECONNRESET' });
  const endless: Error = new Error('x');
  endless.cause = endless;
  expect(JSON.stringify(describeForLog(endless)).length).toBeLessThan(20_000);
});

test.each([[null], [undefined], [SECRET], [{ message: SECRET }], [5]])(
  'what is no error is named by its type',
  (thrown) => {
    expect(JSON.stringify(describeForLog(thrown))).toMatch(
      /^\{"name":"thrown (null|undefined|string|object|number)","at":\[\]\}$/,
    );
  },
);

declare const missingEverywhere: unknown;
