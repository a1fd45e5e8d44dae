import { expect, test } from 'vitest';
import { caches } from '../prove/isolation/parts/caches.ts';
import { contexts } from '../prove/isolation/parts/contexts.ts';
import { pgbouncer } from '../prove/isolation/parts/pgbouncer.ts';
import { mixedSoak } from '../prove/isolation/parts/soak.ts';

// The bounded form; the full one, and what is measured by the clock, is `npm run prove:isolation`.
test.for([mixedSoak, pgbouncer, caches, contexts])(
  '$name: $guarantee',
  { timeout: 300_000 },
  async (part) => {
    const { leaks, cases, leftOut } = await part.run({ effort: 'bounded', progress: () => undefined });
    for (const what of leftOut ?? []) console.log(`LEFT OUT: ${what}`);
    expect(leaks).toEqual([]);
    expect(cases).toBeGreaterThan(0);
  },
);
