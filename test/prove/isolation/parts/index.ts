import type { Part } from '../part.ts';
import { cases } from './cases.ts';
import { oracles } from './oracles.ts';
import { twinWorlds } from './twin-worlds.ts';
import { walls } from './walls.ts';

/** Every part of the proof, in the order in which it is run and reported. */
export const PARTS: readonly Part[] = [cases, oracles, walls, twinWorlds];
