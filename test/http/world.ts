import { expect } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp, type TestAppOptions } from '../harness/app.ts';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';
import { ask, bearer } from './door.ts';

/** A listening server with two organizations. */
export interface ServedWorld {
  readonly testApp: TestApp;
  readonly server: TestServer;
  readonly url: string;
  readonly acme: World;
  readonly globex: World;
  readonly operator: { readonly userId: string; readonly token: string };
  close(): Promise<void>;
}

type ServerOptions = Parameters<typeof startTestServer>[1];

export async function serveWorld(
  options: TestAppOptions = {},
  serverOptions: ServerOptions = {},
): Promise<ServedWorld> {
  const testApp = await startTestApp(options);
  const operator = await appointOperator(testApp);
  const acme = await seedWorld(testApp, 'acme', operator.userId);
  const globex = await seedWorld(testApp, 'globex', operator.userId);
  const server = await startTestServer(testApp, serverOptions);
  return {
    testApp,
    server,
    url: server.url,
    acme,
    globex,
    operator,
    async close() {
      await server.close();
      await testApp.close();
    },
  };
}

/** What is written down of a key that comes in, whatever it asks for. */
const COMING_IN = `('API_KEY.VALIDATED', 'API_KEY.REJECTED', 'ACCESS.DENIED')`;
const CONDITIONS: Readonly<Record<string, string>> = {
  'iam.api_key_usage': 'WHERE false',
  'events.heads': 'WHERE false',
  'events.events': `WHERE type NOT IN ${COMING_IN}`,
  'events.event_tags': `WHERE type NOT IN ${COMING_IN}`,
};

/** A text for all rows of all tables, but for when and how often a key was used, and what is written down of that and of refusals. */
export async function rowsOf({ database }: TestApp): Promise<string> {
  return withClient(database.superuserUrl, async (client) => {
    const tables = await client.query<{ name: string }>(
      `SELECT format('%I.%I', schemaname, tablename) AS name FROM pg_tables
        WHERE schemaname IN ('events', 'iam', 'workflow') ORDER BY 1`,
    );
    const sums: string[] = [];
    for (const { name } of tables.rows) {
      const row = "(to_jsonb(t) - 'last_used_at')::text";
      const { rows } = await client.query(
        `SELECT count(*) || ' ' || md5(string_agg(${row}, ',' ORDER BY ${row})) AS sum FROM ${name} t ${CONDITIONS[name] ?? ''}`,
      );
      sums.push(`${name} ${rows[0]?.sum}`);
    }
    return sums.join('\n');
  });
}

/** Nothing is changed by what was sent, and the next request is answered. */
export async function expectUntouched({ testApp, url, acme }: ServedWorld, rowsBefore: string): Promise<void> {
  expect(await rowsOf(testApp)).toBe(rowsBefore);
  const { json } = await ask(url, '{ viewer { kind } }', {}, bearer(acme.keys.viewer));
  expect(json).toEqual({ data: { viewer: { kind: 'API_KEY' } } });
}
