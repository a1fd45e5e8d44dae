import { given } from '../given.ts';
import { parseInput } from '../parse-input.ts';
import { requirePerson } from '../require-person.ts';
import type { ServiceContext } from '../service-context.ts';
import { type UpdateProfileInput, updateProfileInput } from './people.input.ts';

/** A person as a login identity, known to that person alone. */
export interface Profile {
  readonly email: string;
  readonly name: string | null;
  readonly locale: string | null;
  readonly timezone: string | null;
  readonly emailVerifiedAt: Date | null;
  readonly createdAt: Date;
}

/** What of an identity its person sees. */
export const PROFILE = { email: true, name: true, locale: true, timezone: true, emailVerifiedAt: true, createdAt: true } as const;

export async function updateProfile(cx: ServiceContext, input: UpdateProfileInput): Promise<Profile> {
  const { userId } = requirePerson(cx);
  const data = given(parseInput(updateProfileInput, input));
  return cx.db.user.update({ where: { id: userId }, data, select: PROFILE });
}

/** The person who asks. Null for somebody who is no more. */
export async function findProfile(cx: ServiceContext): Promise<Profile | null> {
  const { userId } = requirePerson(cx);
  return cx.db.user.findFirst({ where: { id: userId }, select: PROFILE });
}
