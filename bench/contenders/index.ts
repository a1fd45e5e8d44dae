import type { Contender } from './contender.ts';
import { tenantry } from './tenantry.ts';

/** The first one is what the others are compared with. */
export const CONTENDERS: readonly Contender[] = [tenantry];
