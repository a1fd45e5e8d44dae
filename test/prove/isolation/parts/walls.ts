import { assertRuntimeRole } from '../../../../src/platform/postgres/startup-checks.ts';
import { type TestWalls, startTestApp } from '../../../harness/app.ts';
import { createTestDatabase } from '../../../harness/database.ts';
import { attackCursors } from '../attack/cursors.ts';
import { attackFilters } from '../attack/filters.ts';
import { createFindings, type Findings } from '../attack/findings.ts';
import { attackIds } from '../attack/ids.ts';
import { attackInputs } from '../attack/inputs.ts';
import { attackReads } from '../attack/reads.ts';
import { withStrike } from '../attack/campaign.ts';
import type { Strike } from '../attack/strike.ts';
import { PLATFORM_VIEWS } from '../exemptions.ts';
import type { Leak, Part, PartContext } from '../part.ts';

/** Each wall with the other two taken away. */
const ALONE: Readonly<Record<string, Required<TestWalls>>> = {
  'the schema alone': { schema: true, client: false, database: false },
  'the client alone': { schema: false, client: true, database: false },
  'the database alone': { schema: false, client: false, database: true },
};
const BOUNDED_DEPTH = 4;
const NONE: Required<TestWalls> = { schema: false, client: false, database: false };

/** What must find something when no wall stands. What has no wall to lose (the header, cursors) is not here. */
const CONTROLS: Readonly<Record<string, (strike: Strike) => Promise<void>>> = {
  reads: (strike) => attackReads(strike, BOUNDED_DEPTH),
  ids: attackIds,
  filters: attackFilters,
};

/** The attacks with no wall at all must find leaks, or they prove nothing where they find none. */
async function control(context: PartContext): Promise<Leak[]> {
  const blind: Leak[] = [];
  for (const [name, attack] of Object.entries(CONTROLS)) {
    const findings = createFindings();
    await withStrike(NONE, { ...context, effort: 'bounded' }, findings, attack);
    if (findings.leaks.length === 0) blind.push({ where: `control: ${name} without any wall`, what: 'found no leak, so that it cannot see one' });
  }
  return blind;
}

/** Production must not start without its walls. */
async function refusals(): Promise<Leak[]> {
  const leaks: Leak[] = [];
  const database = await createTestDatabase();
  const environment = { NODE_ENV: 'production', SECRET_KEY: 'a secret for production, long enough for the check', DATABASE_URL: database.runtimeUrl, PUBLIC_URL: 'https://tenantry.test' };
  for (const walls of [{ schema: false }, { client: false }]) {
    const refusal = await startTestApp({ database, walls, environment }).then(async (testApp) => testApp.close().then(() => null), (error: Error) => error.message);
    if (!refusal?.includes('cannot be taken away in production')) leaks.push({ where: `production without ${Object.keys(walls)[0]} wall`, what: refusal ?? 'it starts' });
  }
  const bypassed = await assertRuntimeRole(database.bypassUrl).then(() => null, (error: Error) => error.message);
  if (!bypassed?.includes('BYPASSRLS')) leaks.push({ where: 'a role that row level security does not hold', what: bypassed ?? 'it is accepted' });
  await database.drop();
  return leaks;
}

/** Those who differ the most in what they may do; all callers come when all walls stand. */
const CALLERS = new Set(["owner's key", "customer's key", 'narrow key', 'person of both organizations', 'operator in the organization', 'nobody']);
const FULL_DEPTH = 8;

/** What every wall must hold off by itself. A bounded run leaves out what the other parts do with all walls. */
async function attack(strike: Strike): Promise<void> {
  const narrowed: Strike = { ...strike, callers: strike.callers.filter(({ name }) => CALLERS.has(name)) };
  await attackReads(narrowed, strike.effort === 'full' ? FULL_DEPTH : BOUNDED_DEPTH);
  await attackIds(narrowed);
  if (strike.effort === 'bounded') return;
  await attackInputs(narrowed);
  // Lists are narrowed by the walls alone, whoever asks: one caller who may read all of them tells as much as five.
  const owner: Strike = { ...strike, callers: [strike.arena.callers.owner] };
  await attackFilters(owner, PLATFORM_VIEWS);
  await attackCursors(owner);
}

const named = (walls: string, { leaks }: Findings): Leak[] => leaks.map(({ where, what }) => ({ where: `${walls}: ${where}`, what }));

export const walls: Part = {
  name: 'walls',
  guarantee: 'Each of the three walls alone holds off every attack; without any of them the same attacks find leaks; production does not start without its walls.',
  async run(context) {
    const results: Findings[] = [];
    const leaks: Leak[] = [];
    for (const [name, standing] of Object.entries(ALONE)) {
      const findings = createFindings();
      await withStrike(standing, context, findings, attack);
      results.push(findings);
      leaks.push(...named(name, findings));
    }
    leaks.push(...(await control(context)), ...(await refusals()));
    const parts = results.map((findings) => findings.result());
    return {
      attacked: parts.reduce((sum, { attacked }) => sum + attacked, 0),
      cases: parts.reduce((sum, { cases }) => sum + cases, 0),
      leaks,
      exempted: [...new Set(parts.flatMap(({ exempted }) => exempted))].sort(),
      notes: [],
    };
  },
};
