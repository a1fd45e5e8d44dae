import { idempotency, leaving, revocation, roles, suspension } from '../caches/changes.ts';
import { cursors, sameText, sameTick, switching, trusted, trustedDocuments, warmedByAnother } from '../caches/same-tick.ts';
import { type CacheWorld, startCacheWorld } from '../caches/world.ts';
import type { Part, PartResult } from '../part.ts';

const sizes = { bounded: { tenants: 4, rounds: 3 }, full: { tenants: 24, rounds: 50 } };

type Check = (world: CacheWorld, rounds: number) => Promise<void>;

/** In an order in which what ends comes last. */
const checks: Readonly<Record<string, Check>> = {
  'same tick': sameTick,
  'warmed by another': warmedByAnother,
  'same text': sameText,
  switching,
  'trusted documents': trusted,
  cursors,
  idempotency,
  revocation,
  roles,
  suspension,
  leaving,
};

async function control(): Promise<number> {
  const world = await startCacheWorld(3, { schema: false, client: false, database: false });
  try {
    world.within('control');
    await sameTick(world, 1);
    await sameText(world);
    return world.witness.leaks.length;
  } finally {
    await world.close();
  }
}

/** Everything that is remembered from one request to the next, or shared by requests of one moment. */
export const caches: Part = {
  name: 'caches',
  guarantee: 'What is remembered or shared between requests never carries a row, a right or an answer to another tenant.',
  async run({ effort, progress }): Promise<PartResult> {
    const { tenants, rounds } = sizes[effort];
    const found = await control();
    if (found === 0) throw new Error('The checks of caches find nothing when no wall stands, so they cannot show anything.');
    const world = await startCacheWorld(tenants, {}, trustedDocuments);
    try {
      const all = Object.entries(checks);
      for (const [place, [name, check]] of all.entries()) {
        world.within(name);
        await check(world, rounds);
        progress(place + 1, all.length);
      }
      return {
        attacked: all.length,
        cases: world.cases(),
        leaks: world.witness.leaks,
        exempted: [],
        notes: [`${world.witness.rows().toLocaleString('en-US')} rows in the answers of ${tenants} tenants looked at.`],
      };
    } finally {
      await world.close();
    }
  },
};
