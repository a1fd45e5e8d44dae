import type { Part, PartResult } from '../part.ts';
import { wholeSoak } from '../soak/index.ts';

const sizes = {
  bounded: { tenantCount: 5, requests: 500, connections: 64, alone: 300 },
  full: { tenantCount: 100, requests: 100_000, connections: 64, alone: 10_000 },
};

const none = { schema: false, client: false, database: false };

/** Many tenants at once over few connections, with everything that can go wrong on the way. */
export const mixedSoak: Part = {
  name: 'soak',
  guarantee: 'Under a mixed load with errors, cancelled requests and timeouts, every row reaches the tenant that it belongs to.',
  async run({ effort, progress }): Promise<PartResult> {
    const { alone, ...size } = sizes[effort];
    const control = await wholeSoak({ ...size, name: 'control', tenantCount: 3, requests: 60, walls: none, progress: () => undefined });
    if (control.leaks.length === 0) throw new Error('The soak finds nothing when no wall stands, so it cannot show anything.');
    const soaks = [
      await wholeSoak({ ...size, name: 'all walls', progress: (done) => progress(done, size.requests) }),
      await wholeSoak({ ...size, name: 'the database alone', requests: alone, walls: { schema: false, client: false }, progress: (done) => progress(done, alone) }),
    ];
    const wrong = soaks.flatMap((each) => each.wrong);
    if (wrong.length > 0) throw new Error(`The soak went wrong:\n${wrong.slice(0, 10).join('\n')}`);
    return {
      attacked: soaks[0]?.works ?? 0,
      cases: soaks.reduce((sum, each) => sum + each.requests, 0),
      leaks: soaks.flatMap((each) => each.leaks),
      exempted: [],
      notes: [...soaks.map((each) => each.summary), `With no wall standing, the same soak found leaks at once (${control.leaks.length} in ${control.requests} requests).`],
    };
  },
};
