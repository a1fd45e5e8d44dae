import { describe, expect, test } from 'vitest';
import { parseInput } from './parse-input.ts';
import { updateOrganizationInput } from './organizations/organization.input.ts';
import { updateProfileInput } from './people/people.input.ts';

// What the parts of the product call one thing, they read in one way.
const readers = [
  ['a person', (fields: object) => parseInput(updateProfileInput, fields)],
  ['an organization', (fields: object) => parseInput(updateOrganizationInput, fields)],
] as const;

describe.each(readers)('of %s', (_whose, read) => {
  test('a time zone and a language are kept in the form in which everybody writes them', () => {
    expect(read({ timezone: 'europe/berlin', locale: 'DE-ch' })).toMatchObject({ timezone: 'Europe/Berlin', locale: 'de-CH' });
    expect(read({ timezone: 'utc', locale: 'en' })).toMatchObject({ timezone: 'UTC', locale: 'en' });
  });

  test.each(['+01:00', '-0530', 'Mars/Olympus', '', 'x'.repeat(51)])('%s is no time zone', (timezone) => {
    expect(() => read({ timezone })).toThrow(/^timezone: /);
  });

  test.each(['', 'x', 'not a tag', 'e'.repeat(36)])('%s is no language', (locale) => {
    expect(() => read({ locale })).toThrow(/^locale: /);
  });
});
