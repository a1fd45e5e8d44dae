import { z } from 'zod';
import { emailAddress, languageTag, line, optional, timeZone } from '../input-fields.ts';

const name = line(1, 200);

export const registerInput = z.strictObject({ email: emailAddress, password: z.string(), name: optional(name) });
export const verifyEmailInput = z.strictObject({ token: z.string(), password: z.string() });
export const addressInput = z.strictObject({ email: emailAddress });
export const resetPasswordInput = z.strictObject({ token: z.string(), password: z.string() });
export const changePasswordInput = z.strictObject({ currentPassword: z.string(), newPassword: z.string() });

/** What is left out stays; null empties. */
export const updateProfileInput = z.strictObject({
  name: name.nullish(),
  locale: languageTag.nullish(),
  timezone: timeZone.nullish(),
});

export type RegisterInput = z.input<typeof registerInput>;
export type VerifyEmailInput = z.input<typeof verifyEmailInput>;
export type AddressInput = z.input<typeof addressInput>;
export type ResetPasswordInput = z.input<typeof resetPasswordInput>;
export type ChangePasswordInput = z.input<typeof changePasswordInput>;
export type UpdateProfileInput = z.input<typeof updateProfileInput>;
