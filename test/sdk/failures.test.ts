import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode as KernelCode } from '../../src/kernel/errors.ts';
import {
  createApiKeyMutation,
  createClient,
  createWorkflowMutation,
  deleteWorkflowMutation,
  expectSuccess,
  type ServerErrorCode,
  TenantryError,
  viewerQuery,
  workflowQuery,
  workflowsQuery,
} from '../../src/sdk/index.ts';
import { definition } from '../harness/world.ts';
import { startServed, type Served } from './served.ts';
import { startStrangeServer } from './strange-server.ts';

// Does not compile when the server learns a code that the client has no name for.
const unknownCodes: Record<Exclude<KernelCode, ServerErrorCode>, never> = {};

async function failureOf(work: Promise<unknown>): Promise<TenantryError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(TenantryError);
  return error as TenantryError;
}

describe('failures that the server answers', () => {
  let served: Served;
  beforeAll(async () => {
    served = await startServed();
  });
  afterAll(() => served.close());

  test('every code of the server has a name in the client', () => {
    expect(Object.keys(unknownCodes)).toEqual([]);
  });

  test('a wrong key is UNAUTHENTICATED, with the request id, and its text is nowhere in the error', async () => {
    const token = `tk_${'x'.repeat(32)}`;
    const error = await failureOf(
      createClient({ url: served.url, token, headers: { 'x-request-id': 'the-request' } }).request(viewerQuery),
    );
    expect(error).toMatchObject({
      name: 'TenantryError',
      code: 'UNAUTHENTICATED',
      requestId: 'the-request',
      status: 401,
    });
    expect(JSON.stringify([error, error.message, error.stack])).not.toContain(token);
  });

  test('an unknown id and a foreign one are NOT_FOUND alike', async () => {
    const foreign = await failureOf(served.client.request(workflowQuery, { id: served.globex.workflowIds[0]! }));
    const unknown = await failureOf(served.client.request(workflowQuery, { id: 'wf_00000000000000000000000000' }));
    expect(foreign).toMatchObject({ code: 'NOT_FOUND', errors: [{ path: ['workflow'] }], data: { workflow: null } });
    expect({ ...foreign, requestId: null }).toEqual({ ...unknown, requestId: null });
  });

  test('a page of the wrong size is VALIDATION_FAILED, with the field', async () => {
    const error = await failureOf(served.client.request(workflowsQuery, { first: 101 }));
    expect(error).toMatchObject({
      code: 'VALIDATION_FAILED',
      errors: [{ extensions: { fields: [{ path: ['first'] }] } }],
    });
  });

  test('a document that the schema does not know is refused with a code', async () => {
    expect(await failureOf(served.client.request('{ nothingOfTheKind }'))).toMatchObject({
      code: 'GRAPHQL_VALIDATION_FAILED',
      status: 400,
    });
    expect(await failureOf(served.client.request('{'))).toMatchObject({ code: 'GRAPHQL_PARSE_FAILED', status: 400 });
  });

  test('a body that is too long is refused with a code', async () => {
    const error = await failureOf(served.client.request(workflowsQuery, { after: 'x'.repeat(200_000) }));
    expect(error).toMatchObject({ code: 'REQUEST_ENTITY_TOO_LARGE', status: 413 });
  });

  test('what was answered beside a failure is not lost', async () => {
    const [id] = served.acme.workflowIds;
    const error = await failureOf(
      served.client.request('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: ['unknown', id] }),
    );
    expect(error).toMatchObject({ code: 'NOT_FOUND', data: { nodes: [null, { id }] } });
  });

  test('an input that is not acceptable is data, and says which fields', async () => {
    const { createWorkflow } = await served.client.request(createWorkflowMutation, {
      input: { name: '', definition: [] },
    });
    expect(createWorkflow).toMatchObject({ __typename: 'ValidationError', code: 'VALIDATION_FAILED' });
    const error = await failureOf((async () => expectSuccess(createWorkflow))());
    expect(error).toMatchObject({ code: 'VALIDATION_FAILED', requestId: null, status: null });
    expect(error.errors[0]?.extensions?.['fields']).toContainEqual({ path: ['name'], message: expect.any(String) });
  });

  test('a collision is data', async () => {
    const input = { name: 'Twice', slug: 'twice', definition: definition('twice') };
    const first = await served.client.request(createWorkflowMutation, { input });
    expect(expectSuccess(first.createWorkflow).workflow).toMatchObject({ slug: 'twice', currentVersion: 1 });
    const second = await served.client.request(createWorkflowMutation, { input });
    expect(second.createWorkflow).toMatchObject({ __typename: 'ConflictError', code: 'CONFLICT' });
    expect(await failureOf((async () => expectSuccess(second.createWorkflow))())).toMatchObject({ code: 'CONFLICT' });
  });

  test('deleting what is not there is data, and what the role does not allow throws', async () => {
    const input = { id: served.globex.workflowIds[0]! };
    const { deleteWorkflow } = await served.client.request(deleteWorkflowMutation, { input });
    expect(deleteWorkflow).toMatchObject({ __typename: 'NotFoundError', code: 'NOT_FOUND' });
    const viewer = createClient({ url: served.url, token: served.acme.keys.viewer });
    expect(await failureOf(viewer.request(deleteWorkflowMutation, { input }))).toMatchObject({ code: 'FORBIDDEN' });
    const scopes = ['workflow:write'];
    expect(await failureOf(viewer.request(createApiKeyMutation, { input: { name: 'More', scopes } }))).toMatchObject({
      code: 'FORBIDDEN',
    });
  });
});

describe('failures without an answer', () => {
  test('a server that is gone is NETWORK_ERROR', async () => {
    const server = await startStrangeServer(() => {});
    await server.close();
    const error = await failureOf(createClient({ url: server.url }).request(viewerQuery));
    expect(error).toMatchObject({ code: 'NETWORK_ERROR', errors: [], requestId: null, status: null });
    expect(error.message).toContain('ECONNREFUSED');
  });

  test('a connection that breaks before or within the answer is NETWORK_ERROR', async () => {
    const before = await startStrangeServer((request) => request.socket.destroy());
    const within = await startStrangeServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json', 'content-length': '100' });
      response.write('{"data":', () => response.destroy());
    });
    expect(await failureOf(createClient({ url: before.url }).request(viewerQuery))).toMatchObject({
      code: 'NETWORK_ERROR',
    });
    expect(await failureOf(createClient({ url: within.url }).request(viewerQuery))).toMatchObject({
      code: 'NETWORK_ERROR',
    });
    await Promise.all([before.close(), within.close()]);
  });

  test.each([
    ['an error page', 502, 'text/html', '<html>Bad gateway</html>'],
    ['an empty answer', 204, 'text/plain', ''],
    ['JSON that is not GraphQL', 200, 'application/json', '{"status":"live"}'],
    ['JSON that is no object', 200, 'application/json', '[1]'],
    ['no data and no errors', 200, 'application/json', '{"data":null}'],
    ['errors that say nothing', 200, 'application/json', '{"errors":[{}]}'],
  ])('%s is INVALID_RESPONSE, with its status', async (_, status, type, body) => {
    const server = await startStrangeServer((_request, response) =>
      response.writeHead(status, { 'content-type': type }).end(body),
    );
    expect(await failureOf(createClient({ url: server.url }).request(viewerQuery))).toMatchObject({
      code: 'INVALID_RESPONSE',
      status,
    });
    await server.close();
  });

  test('a code that is newer than this client is UNKNOWN, and can still be read', async () => {
    const failure = { message: 'New.', extensions: { code: 'BRAND_NEW' } };
    const server = await startStrangeServer((_, response) => response.end(JSON.stringify({ errors: [failure] })));
    expect(await failureOf(createClient({ url: server.url }).request(viewerQuery))).toMatchObject({
      code: 'UNKNOWN',
      errors: [failure],
    });
    await server.close();
  });

  test('silence is TIMEOUT, by the timeout of the client or by the signal of the caller', async () => {
    const server = await startStrangeServer(() => {});
    expect(await failureOf(createClient({ url: server.url, timeoutMs: 50 }).request(viewerQuery))).toMatchObject({
      code: 'TIMEOUT',
    });
    const signal = AbortSignal.timeout(50);
    expect(await failureOf(createClient({ url: server.url }).request(viewerQuery, {}, { signal }))).toMatchObject({
      code: 'TIMEOUT',
    });
    await server.close();
  });

  test('a request that the caller ends is ABORTED: before it was sent, while it waits, within the answer', async () => {
    const controllers = [new AbortController(), new AbortController(), new AbortController()] as const;
    controllers[0].abort();
    const waiting = await startStrangeServer(() => controllers[1].abort(new Error('The page was left.')));
    const within = await startStrangeServer((_, response) => {
      response.writeHead(200, { 'content-type': 'application/json' });
      response.write('{"data":', () => controllers[2].abort());
    });
    const codes = [];
    for (const [index, { url }] of [waiting, waiting, within].entries()) {
      codes.push(
        (await failureOf(createClient({ url }).request(viewerQuery, {}, { signal: controllers[index]!.signal }))).code,
      );
    }
    expect(codes).toEqual(['ABORTED', 'ABORTED', 'ABORTED']);
    await Promise.all([waiting.close(), within.close()]);
  });

  test('nothing is sent a second time by itself', async () => {
    let requests = 0;
    const server = await startStrangeServer((request) => {
      requests += 1;
      request.socket.destroy();
    });
    await failureOf(createClient({ url: server.url }).request(viewerQuery));
    expect(requests).toBe(1);
    await server.close();
  });

  test('a token that cannot be sent is refused without showing it', () => {
    expect(() => createClient({ url: 'http://tenantry.test', token: 'tk_secret\nx: y' })).toThrow(
      /^The token has characters/,
    );
  });
});
