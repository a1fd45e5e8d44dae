/** The mutations on keys that belong to nobody's organization, and why: see sessions/outside.ts. */
export const API_KEYS_OUTSIDE = {
  revokeLeakedKey:
    'Whoever reports a leaked key is nobody in its organization, and is not told whose it was. The end of a key is in the log of its organization, as API_KEY.REVOKED by the server.',
} as const;
