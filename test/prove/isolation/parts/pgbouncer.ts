import { createTestDatabase } from '../../../harness/database.ts';
import { findPgbouncer, type Program, startPgbouncer } from '../../../harness/pgbouncer.ts';
import type { Part, PartResult } from '../part.ts';
import { wholeSoak, type WholeSoak } from '../soak/index.ts';
import { seesWhatStays } from '../soak/planted.ts';

const sizes = {
  bounded: { tenantCount: 3, requests: 150, connections: 64 },
  full: { tenantCount: 100, requests: 100_000, connections: 64 },
};

/** Fewer than the connections of the servers to it, so that they share them statement by statement. */
const SERVER_CONNECTIONS = 4;

const ways = [
  { age: 'old', statements: 'unnamed' },
  { age: 'modern', statements: 'pooled' },
] as const;

async function control(program: Program, statements: 'unnamed' | 'pooled'): Promise<void> {
  const database = await createTestDatabase();
  const bouncer = await startPgbouncer(program, database, { poolSize: 1 });
  try {
    const planted = { url: bouncer.url, namedStatements: statements === 'pooled', throughPooler: true };
    if (await seesWhatStays(planted)) return;
    throw new Error('A tenant that was left on a connection on purpose was not seen, so the soak cannot show anything.');
  } finally {
    await bouncer.close();
    await database.drop();
  }
}

/** The soak with connections that are lent out transaction by transaction, by a pooler of either generation. */
export const pgbouncer: Part = {
  name: 'pgBouncer',
  guarantee: 'The same holds through pgBouncer in transaction mode, with row level security as the only wall.',
  async run({ effort, progress }): Promise<PartResult> {
    const size = sizes[effort];
    const soaks: WholeSoak[] = [];
    const notes: string[] = [];
    const leftOut: string[] = [];
    for (const { age, statements } of ways) {
      const program = findPgbouncer(age);
      if (typeof program === 'string') {
        leftOut.push(`Through pgBouncer (${age}), because ${program}`);
        continue;
      }
      await control(program, statements);
      const done = await wholeSoak({
        ...size,
        name: `pgBouncer ${program.version} with ${statements} statements`,
        walls: { schema: false, client: false },
        environment: { DATABASE_STATEMENTS: statements },
        through: (database) => startPgbouncer(program, database, { poolSize: SERVER_CONNECTIONS }),
        progress: (count) => progress(count, size.requests),
      });
      soaks.push(done);
      notes.push(done.summary);
    }
    const wrong = soaks.flatMap((each) => each.wrong);
    if (wrong.length > 0) throw new Error(`The soak went wrong:\n${wrong.slice(0, 10).join('\n')}`);
    return {
      attacked: soaks.length,
      cases: soaks.reduce((sum, each) => sum + each.requests, 0),
      leaks: soaks.flatMap((each) => each.leaks),
      exempted: [],
      notes,
      leftOut,
    };
  },
};
