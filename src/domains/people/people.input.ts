import { z } from 'zod';
import { emailAddress, line, optional } from '../input-fields.ts';

const name = line(1, 200);

export const registerInput = z.strictObject({ email: emailAddress, password: z.string(), name: optional(name) });
export const verifyEmailInput = z.strictObject({ token: z.string(), password: z.string() });
export const addressInput = z.strictObject({ email: emailAddress });
export const resetPasswordInput = z.strictObject({ token: z.string(), password: z.string() });
export const changePasswordInput = z.strictObject({ currentPassword: z.string(), newPassword: z.string() });

/** A language tag in its canonical form: "de-ch" is "de-CH". */
const locale = line(2, 35).transform((tag, context) => {
  try {
    return Intl.getCanonicalLocales(tag)[0] ?? tag;
  } catch {
    context.addIssue({ code: 'custom', message: 'must be a language tag, for example "en" or "de-CH"' });
    return z.NEVER;
  }
});

const timezone = line(1, 50).refine(isTimezone, 'must be a name of the IANA time zone database, for example "Europe/Berlin"');

function isTimezone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** What is left out stays; null empties. */
export const updateProfileInput = z.strictObject({
  name: name.nullish(),
  locale: locale.nullish(),
  timezone: timezone.nullish(),
});

export type RegisterInput = z.input<typeof registerInput>;
export type VerifyEmailInput = z.input<typeof verifyEmailInput>;
export type AddressInput = z.input<typeof addressInput>;
export type ResetPasswordInput = z.input<typeof resetPasswordInput>;
export type ChangePasswordInput = z.input<typeof changePasswordInput>;
export type UpdateProfileInput = z.input<typeof updateProfileInput>;
