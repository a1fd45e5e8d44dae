import { randomBytes } from 'node:crypto';
import { withClient } from '../../src/platform/postgres/client.ts';
import { onDatabase } from './cluster.ts';
import { currentCluster } from './current-cluster.ts';

/** A database of the test's own, with one address for each kind of role. */
export interface TestDatabase {
  readonly name: string;
  /** What the server itself signs in as. */
  readonly runtimeUrl: string;
  readonly ownerUrl: string;
  readonly superuserUrl: string;
  /** The runtime's grants without row level security: shows whether the other walls hold alone. */
  readonly bypassUrl: string;
  readonly drop: () => Promise<void>;
}

const createFrom = async (template: string): Promise<TestDatabase> => {
  const cluster = currentCluster();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const administer = (sql: string): Promise<unknown> =>
    withClient(cluster.superuserUrl, (client) => client.query(sql));
  await administer(`CREATE DATABASE ${name} TEMPLATE ${template} OWNER tenantry_owner`);
  return {
    name,
    runtimeUrl: onDatabase(cluster.runtimeUrl, name),
    ownerUrl: onDatabase(cluster.ownerUrl, name),
    superuserUrl: onDatabase(cluster.superuserUrl, name),
    bypassUrl: onDatabase(cluster.bypassUrl, name),
    drop: async () => {
      await administer(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
    },
  };
};

/** A copy of the migrated template: made in a moment, empty of rows that migrations did not write. */
export const createTestDatabase = (): Promise<TestDatabase> => createFrom(currentCluster().template);

/** A database without the product's schemas, for the tests of migrations themselves. */
export const createEmptyDatabase = (): Promise<TestDatabase> => createFrom('template0');

/** A copy of another test database, to the row. Nobody may be connected to it. */
export const copyDatabase = ({ name }: TestDatabase): Promise<TestDatabase> => createFrom(name);
