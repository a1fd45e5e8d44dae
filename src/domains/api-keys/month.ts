/** The month of UTC that a moment is in, by its first day: `2026-01-01`. */
export const periodOf = (now: Date): string => `${now.toISOString().slice(0, 7)}-01`;

/** When the month of UTC is over that a moment is in. */
export const monthEnds = (now: Date): Date => new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth() + 1, 1));
