import pg from 'pg';
import { startTestApp } from '../../../harness/app.ts';
import type { Part, PartResult } from '../part.ts';
import { makeTenants } from '../soak/tenants.ts';
import { compare, type Comparison, type Difference } from '../timing/compare.ts';
import { makeComparisons } from '../timing/questions.ts';

const SAMPLES = 2_000;
const ROUNDS = 3;
/** What the control adds to the foreign questions, until it is found: one query more takes about as long as the first. */
const PLANTED_MS = [0.15, 0.5, 1];

/** Works for so long; a timer would round up to a millisecond. */
const work = (ms: number): void => {
  const endsAt = performance.now() + ms;
  while (performance.now() < endsAt);
};

/** The comparison with a wall that works a little longer for what is foreign. */
const planted = ({ name, classes }: Comparison, ms: number): Comparison => ({
  name: `${ms} ms planted in ${name}`,
  classes: {
    unknown: classes['unknown'] ?? (() => Promise.resolve()),
    foreign: async () => {
      work(ms);
      await classes['foreign']?.();
    },
  },
});

/** The smallest planted difference that is found. @throws Error when none is, since nothing can be shown then. */
async function findPlanted(comparison: Comparison): Promise<Difference> {
  for (const ms of PLANTED_MS) {
    const [difference] = await compare(planted(comparison, ms), { samples: SAMPLES, rounds: ROUNDS });
    if (difference?.told) return difference;
  }
  throw new Error(`${PLANTED_MS.at(-1)} ms that were planted were not found: the machine is too busy to measure anything.`);
}

const show = ({ name, t, leastMs, samples, rounds }: Difference): string =>
  `${name}: t = ${t.toFixed(1)} over ${samples.toLocaleString('en-US')} samples each${rounds > 1 ? `, in round ${rounds}` : ''}; ` +
  `${Math.ceil(leastMs * 1_000)} µs would have been told`;

/** How long an answer takes that finds nothing. Measured in one process without a socket, and with cheap hashing, so that neither hides a difference. */
export const timing: Part = {
  name: 'timing',
  guarantee: 'How long an answer takes does not tell what belongs to somebody else from what does not exist.',
  async run({ effort, progress }): Promise<PartResult> {
    if (effort === 'bounded') {
      return { attacked: 0, cases: 0, leaks: [], exempted: [], notes: [], leftOut: ['Timing is measured by the full form only, on a machine with time for it.'] };
    }
    const testApp = await startTestApp();
    const client = new pg.Client(testApp.database.superuserUrl);
    try {
      await client.connect();
      const [own, other] = await makeTenants(testApp, 2, () => undefined);
      if (own === undefined || other === undefined) throw new Error('There are no two tenants.');
      const comparisons = await makeComparisons(testApp, own, other, client);
      const [first] = comparisons;
      if (first === undefined) throw new Error('There is nothing to compare.');
      const control = await findPlanted(first);
      const differences: Difference[] = [];
      for (const [place, comparison] of comparisons.entries()) {
        differences.push(...(await compare(comparison, { samples: SAMPLES, rounds: ROUNDS })));
        progress(place + 1, comparisons.length);
      }
      return {
        attacked: comparisons.length,
        cases: differences.reduce((sum, { samples }) => sum + samples * 2, 0),
        leaks: differences.filter(({ told }) => told).map((difference) => ({ where: 'timing', what: show(difference) })),
        exempted: [],
        notes: [...differences.map(show), `Control: ${show(control)}`],
      };
    } finally {
      await client.end();
      await testApp.close();
    }
  },
};
