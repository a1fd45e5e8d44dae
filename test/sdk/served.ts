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
  readonly client: Client;
  close(): Promise<void>;
}

/** `workflows` is how many acme has; globex has three. */
export async function startServed(workflows = 3): Promise<Served> {
  const testApp = await startTestApp();
  const { userId } = await appointOperator(testApp);
  const acme = await seedWorld(testApp, 'acme', userId, workflows);
  const globex = await seedWorld(testApp, 'globex', userId);
  const server = await startTestServer(testApp);
  return {
    testApp,
    url: server.url,
    acme,
    globex,
    client: createClient({ url: server.url, token: acme.keys.owner }),
    async close() {
      await server.close();
      await testApp.close();
    },
  };
}

/** Everything that an iterator yields. */
export async function collect<Node>(nodes: AsyncIterable<Node>): Promise<Node[]> {
  const collected: Node[] = [];
  for await (const node of nodes) collected.push(node);
  return collected;
}
