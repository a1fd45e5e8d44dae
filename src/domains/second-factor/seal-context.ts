/** What the secret of a person is sealed for: copied into somebody else's row it does not open. */
export function sealContext(userId: string): string {
  return `totp:${userId}`;
}
