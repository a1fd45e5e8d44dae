import { z } from 'zod';

/** What shows a second factor: a code of the authenticator, or one of the recovery codes. */
export type Proof = { readonly code: string } | { readonly recoveryCode: string };

/** Nobody types more than this; what is longer is wrong without being looked at. */
const LONGEST = 100;

/** Six digits as authenticators show them, often with a space in the middle. */
export const totpCode = z.string().max(LONGEST).transform((code) => code.replace(/\s/g, ''));

export const recoveryCode = z.string().max(LONGEST);
