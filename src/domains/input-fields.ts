import { z } from 'zod';

// PostgreSQL counts characters, JavaScript UTF-16 units: the database's limits are what the texts promise.
const lengthOf = (text: string): number => [...text].length;
const hasLength = (least: number, most: number) => (text: string) => lengthOf(text) >= least && lengthOf(text) <= most;

/** Half of a surrogate pair is no character: it would be stored as another one than was sent. */
const whole = [(text: string) => text.isWellFormed(), 'must be made of whole Unicode characters'] as const;

const CONTROL = /\p{Cc}/u;
const CONTROL_BUT_WHITESPACE = /(?![\n\r\t])\p{Cc}/u;

/** One line of text, trimmed, without control characters; lengths in characters. */
export const line = (least: number, most: number) =>
  z
    .string()
    .trim()
    .refine(hasLength(least, most), { error: `must be ${least} to ${most} characters long`, abort: true })
    .refine((text) => !CONTROL.test(text), 'must not contain control characters')
    .refine(...whole);

/** Text of several lines, trimmed; what is empty becomes null. */
export const paragraph = (most: number) =>
  z
    .string()
    .trim()
    .refine(hasLength(0, most), { error: `must be at most ${most} characters long`, abort: true })
    .refine((text) => !CONTROL_BUT_WHITESPACE.test(text), 'must not contain control characters')
    .refine(...whole)
    .transform((text) => (text === '' ? null : text));

/** A field that may be left out; null counts as left out, because clients often send null for "nothing". */
export const optional = <Schema extends z.ZodType>(schema: Schema) =>
  schema.nullish().transform((value) => value ?? undefined);

/** The global id of something; a malformed one is answered like an unknown one, so nothing is checked here. */
export const globalId = z.string();

/** An address in the one form it is stored in: lower case. */
export const emailAddress = z
  .string()
  .trim()
  .toLowerCase()
  .max(254, 'must be at most 254 characters long')
  .pipe(z.email());

/** A time zone of the IANA database, for example "Europe/Berlin", in the form in which the database writes it. */
export const timeZone = z.string().trim().max(50).transform((name, cx) => {
  try {
    const zone = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone;
    // An offset as "+01:00" is understood too, and is no zone: it knows no summer.
    if (/^[A-Z]/.test(zone)) return zone;
  } catch {
    // What is no name at all is told like one that is an offset.
  }
  cx.issues.push({ code: 'custom', message: 'must be a time zone, for example "Europe/Berlin"', input: name });
  return z.NEVER;
});

/** A language tag of BCP 47, for example "de-CH", in its canonical form. */
export const languageTag = z.string().trim().max(35).transform((tag, cx) => {
  try {
    const [canonical] = Intl.getCanonicalLocales(tag);
    if (canonical !== undefined) return canonical;
  } catch {
    // What is no tag at all is told like one that is empty.
  }
  cx.issues.push({ code: 'custom', message: 'must be a language tag, for example "de-CH"', input: tag });
  return z.NEVER;
});

/** The address of a page: http or https, without a password in it. */
export const webAddress = z.string().trim().max(500).transform((text, cx) => {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '' && url.href.length <= 500) return url.href;
  cx.issues.push({ code: 'custom', message: 'must be the address of a web page, for example "https://example.com"', input: text });
  return z.NEVER;
});

/** What a client sends to make sure that a repeated request acts once. */
export const idempotencyKey = line(1, 255)
  .nullish()
  .transform((key) => key ?? null);
