import { Cron } from 'croner';
import { ConflictError, ValidationError } from '../../kernel/errors.ts';

export const MOST_SCHEDULES = 100;

const LONGEST_CRON = 100;
/** The names of the IANA database; not the offsets that some runtimes take as well. */
const ZONE_NAME = /^[A-Za-z][A-Za-z0-9_+-]*(\/[A-Za-z0-9_+-]+)*$/;

const CRON_FORM = 'must be five fields of cron (minute, hour, day, month, weekday), for example "0 9 * * 1-5"';

/** The expression with single spaces between its fields. @throws ValidationError */
export function parseCron(text: string): string {
  const fields = text.trim().split(/\s+/);
  const cron = fields.join(' ');
  if (fields.length !== 5) throw ValidationError.of('cron', CRON_FORM);
  if (cron.length > LONGEST_CRON) throw ValidationError.of('cron', `must be at most ${LONGEST_CRON} characters long`);
  return cron;
}

/** @throws ValidationError unless the name is one of the IANA time zone database. */
export function parseTimezone(text: string): string {
  const name = text.trim();
  try {
    if (ZONE_NAME.test(name))
      return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone && name;
  } catch {
    // An unknown zone is a RangeError here; it is answered below like one of the wrong form.
  }
  throw ValidationError.of('timezone', 'must be a name of the IANA time zone database, for example "Europe/Berlin"');
}

/** When the schedule is due next, strictly after `now`. @throws ValidationError for a time that never comes. */
export function nextRun(cron: string, timezone: string, now: Date): Date {
  const next = parse(cron, timezone).nextRun(now);
  if (next === null) throw ValidationError.of('cron', 'never comes: there is no such date');
  return next;
}

function parse(cron: string, timezone: string): Cron {
  try {
    return new Cron(cron, { timezone, mode: '5-part' });
  } catch {
    throw ValidationError.of('cron', CRON_FORM);
  }
}

/** @throws ConflictError when a workflow has as many schedules as it may have. */
export function checkScheduleCount(count: number): void {
  if (count >= MOST_SCHEDULES)
    throw new ConflictError(`A workflow has at most ${MOST_SCHEDULES} schedules: delete one first.`);
}
