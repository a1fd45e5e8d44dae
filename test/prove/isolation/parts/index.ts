import type { Part } from '../part.ts';
import { caches } from './caches.ts';
import { cases } from './cases.ts';
import { contexts } from './contexts.ts';
import { oracles } from './oracles.ts';
import { pgbouncer } from './pgbouncer.ts';
import { mixedSoak } from './soak.ts';
import { timing } from './timing.ts';
import { twinWorlds } from './twin-worlds.ts';
import { walls } from './walls.ts';

/** Every part of the proof, in the order in which it is run and reported. */
export const PARTS: readonly Part[] = [cases, oracles, walls, twinWorlds, caches, contexts, timing, mixedSoak, pgbouncer];
