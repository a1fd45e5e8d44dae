import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient, paginate, workflowsQuery, type Client, type ConnectionPage } from '../../src/sdk/index.ts';
import { collect, startServed, type Served } from './served.ts';
import { startStrangeServer } from './strange-server.ts';

let served: Served;
beforeAll(async () => {
  served = await startServed(247);
});
afterAll(() => served.close());

/** The same client, and how many requests it has sent. */
function counting(client: Client): { client: Client; requests: () => number } {
  let requests = 0;
  const counted: Client = {
    request(document, ...rest) {
      requests += 1;
      return client.request(document, ...rest);
    },
  };
  return { client: counted, requests: () => requests };
}

test.each([
  [100, 3],
  [25, 10],
  [undefined, 10],
])('250 rows, %s a page: each once, in order, with %i requests', async (first, pages) => {
  const { client, requests } = counting(served.client);
  const orderBy = { field: 'CREATED_AT', direction: 'ASC' } as const;
  const nodes = await collect(paginate(client, workflowsQuery, { first, orderBy }, (data) => data.workflows));
  expect(nodes.map(({ id }) => id)).toEqual(served.workflowIds);
  expect(requests()).toBe(pages);
});

test.each([
  [0, 0, 0],
  [1, 1, 1],
  [100, 100, 1],
  [101, 101, 2],
  [1_000, 250, 3],
])('a limit of %i yields %i nodes with %i requests', async (limit, expected, pages) => {
  const { client, requests } = counting(served.client);
  const nodes = await collect(paginate(client, workflowsQuery, { first: 100 }, (data) => data.workflows, { limit }));
  expect(nodes).toHaveLength(expected);
  expect(requests()).toBe(pages);
});

test('who stops early asks for no further page', async () => {
  const { client, requests } = counting(served.client);
  for await (const node of paginate(client, workflowsQuery, { first: 100 }, (data) => data.workflows)) {
    if (node.id) break;
  }
  expect(requests()).toBe(1);
});

test('it begins where the variables say', async () => {
  const { workflows } = await served.client.request(workflowsQuery, { first: 100 });
  const rest = await collect(
    paginate(
      served.client,
      workflowsQuery,
      { first: 100, after: workflows.pageInfo.endCursor },
      (data) => data.workflows,
    ),
  );
  expect(rest).toHaveLength(150);
});

test('a connection inside a single thing is paged as well, and none is an empty list', async () => {
  const document = `query ($id: ID!, $after: String) {
    workflow(id: $id) {
      tasks(first: 2, after: $after) { edges { node { key } } pageInfo { hasNextPage endCursor } }
    }
  }`;
  interface Answer {
    readonly workflow: { readonly tasks: ConnectionPage<{ readonly key: string }> } | null;
  }
  const variables: { id: string; after?: string } = { id: served.acme.workflowIds[0]! };
  const tasks = paginate(served.client, document, variables, (data) => (data as Answer).workflow?.tasks);
  expect(await collect(tasks)).toEqual([{ key: 'task0' }, { key: 'task1' }, { key: 'task2' }]);
  expect(await collect(paginate(served.client, workflowsQuery, {}, () => null))).toEqual([]);
});

test('a failure ends the walk with its error', async () => {
  const nobody = createClient({ url: served.url });
  await expect(collect(paginate(nobody, workflowsQuery, {}, (data) => data.workflows))).rejects.toMatchObject({
    code: 'UNAUTHENTICATED',
  });
});

test('the signal ends the walk between two pages', async () => {
  const controller = new AbortController();
  const walk = paginate(served.client, workflowsQuery, { first: 100 }, (data) => data.workflows, {
    signal: controller.signal,
  });
  await walk.next();
  controller.abort();
  await expect(collect(walk)).rejects.toMatchObject({ code: 'ABORTED' });
});

test('a document that forgets to hand $after on ends with an error instead of never', async () => {
  const forgetful = 'query { workflows(first: 2) { edges { node { id } } pageInfo { hasNextPage endCursor } } }';
  const seen: unknown[] = [];
  const walk = async () => {
    for await (const node of paginate(
      served.client,
      forgetful,
      {},
      (data) => (data as { workflows: ConnectionPage<unknown> }).workflows,
    ))
      seen.push(node);
  };
  await expect(walk()).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  expect(seen).toHaveLength(4);
});

test.each([
  ['the same cursor again', ['a', 'a']],
  ['cursors in a circle', ['a', 'b', 'c', 'a']],
  ['no cursor', [null]],
])('%s from a server ends with an error instead of never', async (_, cursors) => {
  let page = 0;
  const server = await startStrangeServer((_request, response) => {
    const endCursor = cursors[page++ % cursors.length];
    response.end(JSON.stringify({ data: { workflows: { edges: [], pageInfo: { hasNextPage: true, endCursor } } } }));
  });
  const walk = collect(paginate(createClient({ url: server.url }), workflowsQuery, {}, (data) => data.workflows));
  await expect(walk).rejects.toMatchObject({ code: 'INVALID_RESPONSE' });
  expect(page).toBe(cursors.length);
  await server.close();
});
