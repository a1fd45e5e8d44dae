import { z } from 'zod';
import { emailAddress } from '../input-fields.ts';

// What cannot be right is answered like what is wrong, so hardly anything is refused here.
export const signInInput = z.strictObject({
  email: z.string(),
  password: z.string(),
});

export const refreshInput = z.strictObject({ refreshToken: z.string() });

export type SignInInput = z.input<typeof signInInput>;
export type RefreshInput = z.input<typeof refreshInput>;

/** The address as it is stored, or null when no account can have it. */
export function signInEmail(text: string): string | null {
  return emailAddress.safeParse(text).data ?? null;
}
