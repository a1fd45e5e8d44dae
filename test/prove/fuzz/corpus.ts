import type { FuzzRequest } from './requests.ts';

/** Requests that were answered wrongly once, and what was wrong. Replayed before every fuzz. */
export const CORPUS: readonly (FuzzRequest & { readonly found: string })[] = [];
