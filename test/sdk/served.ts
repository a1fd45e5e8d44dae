import { randomUUID } from 'node:crypto';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { createClient, type Client } from '../../src/sdk/index.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startTestServer } from '../harness/http.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';

/** A listening server with two organizations, and the client of the first one's owner. */
export interface Served {
  readonly testApp: TestApp;
  readonly url: string;
  readonly acme: World;
  readonly globex: World;
  /** All workflows of acme, the oldest first. */
  readonly workflowIds: readonly string[];
  readonly client: Client;
  close(): Promise<void>;
}

/** Each organization has three workflows; acme has `older` bare ones besides. */
export async function startServed(older = 0): Promise<Served> {
  const testApp = await startTestApp();
  const { userId } = await appointOperator(testApp);
  const acme = await seedWorld(testApp, 'acme', userId);
  const globex = await seedWorld(testApp, 'globex', userId);
  const olderIds = await insertOlder(testApp, acme.orgUuid, older);
  const server = await startTestServer(testApp);
  return {
    testApp,
    url: server.url,
    acme,
    globex,
    workflowIds: [...olderIds, ...acme.workflowIds],
    client: createClient({ url: server.url, token: acme.keys.owner }),
    async close() {
      await server.close();
      await testApp.close();
    },
  };
}

async function insertOlder({ app }: TestApp, orgId: string, count: number): Promise<string[]> {
  const anHourAgo = Date.now() - 3_600_000;
  const rows = Array.from({ length: count }, (_, index) => ({
    orgId,
    id: randomUUID(),
    name: `Older ${index}`,
    slug: `older-${index}`,
    createdAt: new Date(anHourAgo + index),
  }));
  await runInScope(createScope({ orgId, userId: null }), () => app.db.workflow.createMany({ data: rows }));
  return rows.map(({ id }) => toGlobalId('Workflow', id));
}

/** Everything that an iterator yields. */
export async function collect<Node>(nodes: AsyncIterable<Node>): Promise<Node[]> {
  const collected: Node[] = [];
  for await (const node of nodes) collected.push(node);
  return collected;
}
