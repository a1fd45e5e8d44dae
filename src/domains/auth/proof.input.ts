import { z } from 'zod';
import { recoveryCode, totpCode } from '../second-factor/index.ts';

/** One field of which the others are not there; null counts as left out, as everywhere. */
const only = <Name extends string, Schema extends z.ZodType>(name: Name, schema: Schema) =>
  z.strictObject({ [name]: schema } as Record<Name, Schema>);

const withoutNulls = (given: unknown): unknown =>
  typeof given === 'object' && given !== null ? Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null && value !== undefined)) : given;

/** Exactly one of several fields. */
const exactlyOne = <const Options extends readonly [z.ZodType, ...z.ZodType[]]>(options: Options, names: string) =>
  z.preprocess(withoutNulls, z.union(options, { error: `must have exactly one of ${names}, as a text of at most 100 characters` }));

const code = only('code', totpCode);
const recovery = only('recoveryCode', recoveryCode);
const password = only('password', z.string());

export const completeSignInInput = z.strictObject({
  challengeToken: z.string(),
  proof: exactlyOne([code, recovery], 'code and recoveryCode'),
});

export const stepUpInput = z.strictObject({
  proof: exactlyOne([password, code, recovery], 'password, code and recoveryCode'),
});

export type CompleteSignInInput = z.input<typeof completeSignInInput>;
export type StepUpInput = z.input<typeof stepUpInput>;
