import { expect, test } from 'vitest';
import { ConflictError, ValidationError } from '../../kernel/errors.ts';
import { checkScheduleCount, nextRun, parseCron, parseTimezone } from './schedule.rules.ts';

const NOW = new Date('2026-03-28T12:00:00Z');

test.each([
  ['*/5 * * * *', 'UTC', '2026-03-28T12:05:00Z'],
  ['* * * * *', 'UTC', '2026-03-28T12:01:00Z'],
  ['0 9 * * 1-5', 'UTC', '2026-03-30T09:00:00Z'],
  ['0 9 * * *', 'Asia/Tokyo', '2026-03-29T00:00:00Z'],
  // Summer time begins in Berlin on March 29th: nine o'clock is an hour earlier in UTC than the day before.
  ['0 9 * * *', 'Europe/Berlin', '2026-03-29T07:00:00Z'],
  ['0 0 29 2 *', 'UTC', '2028-02-29T00:00:00Z'],
])('%s in %s is due next at %s', (cron, timezone, expected) => {
  expect(nextRun(parseCron(cron), parseTimezone(timezone), NOW)).toEqual(new Date(expected));
});

test('a time that is due now is due again only at its next turn', () => {
  expect(nextRun('0 12 * * *', 'UTC', NOW)).toEqual(new Date('2026-03-29T12:00:00Z'));
});

test('spaces between the fields do not matter', () => {
  expect(parseCron('  0   9 *\t* 1 ')).toBe('0 9 * * 1');
});

test.each([
  '',
  '* * * *',
  '* * * * * *',
  '* * * * * * *',
  '@daily',
  '60 * * * *',
  '* 24 * * *',
  '* * 0 * *',
  '* * * 13 *',
  '* * * * 8',
  'a b c d e',
  '*/0 * * * *',
  '1- * * * *',
  '2026-01-01T00:00:00',
  '0 0 30 2 *',
  `${'1,'.repeat(60)}1 * * * *`,
])('%j is not accepted as cron', (cron) => {
  expect(() => nextRun(parseCron(cron), 'UTC', NOW)).toThrow(ValidationError);
});

test.each(['', 'Mars/Olympus', '+02:00', 'UTC+2', 'Europe/', '../etc/passwd', 'a'.repeat(64)])(
  '%j is not accepted as a time zone',
  (timezone) => expect(() => parseTimezone(timezone)).toThrow(ValidationError),
);

test('a workflow has a hundred schedules at most', () => {
  expect(() => checkScheduleCount(99)).not.toThrow();
  expect(() => checkScheduleCount(100)).toThrow(ConflictError);
});
