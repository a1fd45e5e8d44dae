import type { AuthService, IssuedSession, SignInInput } from '../../src/domains/auth/index.ts';

/** Signs somebody in who has no second factor. */
export async function openSessionBy(auth: AuthService, input: SignInInput): Promise<IssuedSession> {
  const signedIn = await auth.signIn(input);
  if (!('accessToken' in signedIn)) throw new Error('A second factor is asked for.');
  return signedIn;
}
