import { withClient } from '../../../../src/platform/postgres/client.ts';
import { startTestApp, type TestWalls } from '../../../harness/app.ts';
import { copyDatabase, createTestDatabase, type TestDatabase } from '../../../harness/database.ts';
import { appointOperator, seedWorld, type World } from '../../../harness/world.ts';
import { type Callers, makeCallers } from './callers.ts';
import { enrich, setApart } from './own-rows.ts';
import { fixedClock, keepRows, openRealm, type Realm, type RealmOptions } from './realm.ts';
import { readTables } from './rows.ts';
import { copyTenant, foreignUuid, OWN_WORD } from './tenant-copy.ts';

/** The same organization twice, to the row: alone in its database, and beside a look-alike. */
export interface Stage {
  readonly full: Realm;
  readonly bare: Realm;
  close(): Promise<void>;
}

/** Where the attacker's organization is, and the look-alike that is attacked. */
export interface Arena {
  readonly world: World;
  readonly callers: Callers;
  /**
   * The full database behind some of the walls, and the bare one behind all of them: what it answers is what is right.
   * One stage at a time: they share their rows.
   */
  open(walls: TestWalls, listenUrl?: string): Promise<Stage>;
  close(): Promise<void>;
}

/** Makes the organization with everything that it can have, and both databases. */
export async function createArena(): Promise<Arena> {
  const base = await createTestDatabase();
  try {
    const { world, callers } = await seedBase(base);
    const bare = await copyDatabase(base);
    const full = await copyDatabase(base);
    await withClient(bare.superuserUrl, keepRows);
    await withClient(full.superuserUrl, async (client) => {
      await copyTenant(client, await readTables(client), world.orgUuid);
      await setApart(client, world.orgUuid, foreignUuid(world.orgUuid));
      await keepRows(client);
    });
    return {
      world,
      callers,
      open: (walls, listenUrl) => openStage({ full, bare }, { walls, ...(listenUrl && { listenUrl }) }, world.orgUuid),
      close: async () => void (await Promise.all([full.drop(), bare.drop()])),
    };
  } finally {
    await base.drop();
  }
}

async function seedBase(database: TestDatabase): Promise<{ world: World; callers: Callers }> {
  const testApp = await startTestApp({ database, clock: fixedClock });
  try {
    const operator = await appointOperator(testApp);
    const world = await seedWorld(testApp, OWN_WORD, operator.userId);
    const callers = await makeCallers(testApp, world, operator.token);
    await withClient(database.superuserUrl, async (client) => enrich(client, await readTables(client), world.orgUuid));
    return { world, callers };
  } finally {
    await testApp.close();
  }
}

async function openStage(databases: { full: TestDatabase; bare: TestDatabase }, options: RealmOptions, orgUuid: string): Promise<Stage> {
  const sides = [foreignUuid(orgUuid), orgUuid] as const;
  const full = await openRealm(databases.full, options, sides);
  const bare = await openRealm(databases.bare, { ...options, walls: {} }, sides);
  return { full, bare, close: async () => void (await Promise.all([full.close(), bare.close()])) };
}
