import type { Part } from '../part.ts';

/** Every part of the proof, in the order in which it is run and reported. */
export const PARTS: readonly Part[] = [];
