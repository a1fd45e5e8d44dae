import { startTestApp } from '../../../harness/app.ts';
import { type Checked, databaseWithoutTenant, inParallel, nestedTransactions, withoutTenant } from '../contexts/checks.ts';
import type { Part, PartResult } from '../part.ts';
import { makeTenants } from '../soak/tenants.ts';

const sizes = { bounded: { tenants: 3, rounds: 3 }, full: { tenants: 12, rounds: 50 } };

/** With no wall standing, what the database and the client hold is found. */
async function control(): Promise<void> {
  const testApp = await startTestApp({ walls: { schema: false, client: false, database: false } });
  try {
    const tenants = await makeTenants(testApp, 2, () => undefined);
    const checked = [await databaseWithoutTenant(testApp, tenants), await inParallel(testApp, tenants, 1)];
    if (checked.some(({ leaks }) => leaks.length === 0)) throw new Error('The checks of contexts find nothing when no wall stands, so they cannot show anything.');
  } finally {
    await testApp.close();
  }
}

/** Below the requests: work of the server itself, without a tenant, inside another one's transaction, side by side. */
export const contexts: Part = {
  name: 'contexts',
  guarantee: 'Work without a tenant touches nothing, and work of several tenants at once touches its own rows only.',
  async run({ effort, progress }): Promise<PartResult> {
    const size = sizes[effort];
    await control();
    const testApp = await startTestApp();
    try {
      const tenants = await makeTenants(testApp, size.tenants, () => undefined);
      const checks: readonly (() => Promise<Checked>)[] = [
        () => withoutTenant(testApp),
        () => databaseWithoutTenant(testApp, tenants),
        () => nestedTransactions(testApp, tenants),
        () => inParallel(testApp, tenants, size.rounds),
      ];
      const done: Checked[] = [];
      for (const check of checks) {
        done.push(await check());
        progress(done.length, checks.length);
      }
      return {
        attacked: checks.length,
        cases: done.reduce((sum, { cases }) => sum + cases, 0),
        leaks: done.flatMap(({ leaks }) => leaks),
        exempted: [],
        notes: ['NOTIFY payloads, log lines and connections that were given back are looked at by the soak; there are no metrics yet.'],
      };
    } finally {
      await testApp.close();
    }
  },
};
