import { isUnionType } from 'graphql';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import {
  apiKeysQuery,
  createApiKeyMutation,
  createClient,
  createScheduleMutation,
  createWorkflowMutation,
  deleteWorkflowMutation,
  expectSuccess,
  membersQuery,
  organizationQuery,
  paginate,
  revokeApiKeyMutation,
  signInMutation,
  updateWorkflowMutation,
  viewerQuery,
  workflowQuery,
  workflowsQuery,
} from '../../src/sdk/index.ts';
import { definition, PASSWORD, setPassword } from '../harness/world.ts';
import { collect, startServed, type Served } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await startServed();
});
afterAll(() => served.close());

test('a workflow is made, read, changed, scheduled and deleted with the ready documents', async () => {
  const { client } = served;
  const made = await client.request(createWorkflowMutation, {
    input: { name: 'By the SDK', definition: definition('sdk') },
  });
  const { workflow } = expectSuccess(made.createWorkflow);
  const changed = await client.request(updateWorkflowMutation, {
    input: { id: workflow.id, description: 'Changed', expectedVersion: 1 },
  });
  expect(expectSuccess(changed.updateWorkflow).workflow).toMatchObject({
    id: workflow.id,
    description: 'Changed',
    status: 'ACTIVE',
  });
  const scheduled = await client.request(createScheduleMutation, {
    input: { workflowId: workflow.id, name: 'Nightly', cron: '0 3 * * *' },
  });
  expect(expectSuccess(scheduled.createSchedule).schedule).toMatchObject({
    name: 'Nightly',
    timezone: 'UTC',
    enabled: true,
  });
  const read = await client.request(workflowQuery, { id: workflow.id });
  expect(read.workflow?.versions.edges[0]?.node.definition).toEqual(definition('sdk'));
  expect(read.workflow?.schedules.edges).toHaveLength(1);
  const deleted = await client.request(deleteWorkflowMutation, { input: { id: workflow.id } });
  expect(expectSuccess(deleted.deleteWorkflow)).toMatchObject({ workflowId: workflow.id });
});

test('an API key is made, listed and revoked, and opens nothing afterwards', async () => {
  const { client, url } = served;
  const made = await client.request(createApiKeyMutation, {
    input: { name: 'For a while', scopes: ['workflow:read'] },
  });
  const { apiKey, secret } = expectSuccess(made.createApiKey);
  const guest = createClient({ url, token: secret! });
  expect((await guest.request(viewerQuery)).viewer).toMatchObject({ kind: 'API_KEY', permissions: ['WORKFLOW_READ'] });
  const listed = await client.request(apiKeysQuery, { filter: { revoked: false } });
  expect(listed.apiKeys.edges.map(({ node }) => node.id)).toContain(apiKey.id);
  const revoked = await client.request(revokeApiKeyMutation, { input: { id: apiKey.id } });
  expect(expectSuccess(revoked.revokeApiKey).apiKey.status).toBe('REVOKED');
  await expect(guest.request(viewerQuery)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
});

test('a person signs in, sees the organizations there are to choose from, and works in one of them', async () => {
  const { url, acme, globex, testApp } = served;
  const email = acme.email('manager');
  await setPassword(testApp.app, email);
  const { signIn } = await createClient({ url }).request(signInMutation, { input: { email, password: PASSWORD } });
  const signedIn = expectSuccess(signIn);
  if (signedIn.__typename === 'SecondFactorRequired') throw new Error('Nobody here has a second factor.');
  const token = signedIn.accessToken;
  const { viewer } = await createClient({ url, token }).request(viewerQuery);
  expect(viewer?.organizations).toMatchObject([
    { id: acme.organizationId, slug: 'acme', role: 'MANAGER', active: true },
  ]);
  const inAcme = createClient({ url, token, organization: acme.organizationId });
  expect((await inAcme.request(organizationQuery)).organization.slug).toBe('acme');
  const inGlobex = createClient({ url, token, organization: globex.organizationId });
  await expect(inGlobex.request(organizationQuery)).rejects.toMatchObject({ code: 'FORBIDDEN' });
});

test('members are listed in the order asked for', async () => {
  const orderBy = { field: 'CREATED_AT', direction: 'ASC' } as const;
  const { members } = await served.client.request(membersQuery, {
    orderBy,
    filter: { role: { in: ['OWNER', 'VIEWER'] } },
  });
  expect(members.edges.map(({ node }) => node.role)).toEqual(['OWNER', 'VIEWER']);
});

test('headers of a request are stronger than those of its client, and those than its own', async () => {
  const sent: Headers[] = [];
  const client = createClient({
    url: served.url,
    token: 'tk_wrong',
    headers: { authorization: `Bearer ${served.acme.keys.owner}`, 'X-Request-Id': 'of-the-client' },
    fetch: async (url, init) => {
      sent.push(new Headers(init?.headers));
      return fetch(url, init);
    },
  });
  await client.request(viewerQuery);
  await client.request(viewerQuery, {}, { headers: { 'x-request-id': 'of-the-request' } });
  expect(sent.map((headers) => headers.get('x-request-id'))).toEqual(['of-the-client', 'of-the-request']);
});

test('the name of the operation is sent, for the log of the server', async () => {
  const names: unknown[] = [];
  const client = createClient({
    url: served.url,
    fetch: async (url, init) => {
      names.push(JSON.parse(init?.body as string).operationName);
      return fetch(url, init);
    },
  });
  await client.request(viewerQuery);
  await client.request('{ viewer { kind } }');
  expect(names).toEqual(['Viewer', undefined]);
});

test('a caller without a token is nobody', async () => {
  expect(await createClient({ url: served.url }).request(viewerQuery)).toEqual({ viewer: null });
});

test('in every result the failures, and nothing else, are named "...Error": expectSuccess tells them by that', () => {
  const results = Object.values(schema.getTypeMap()).filter(isUnionType);
  expect(results.length).toBeGreaterThan(15);
  for (const member of results.flatMap((result) => result.getTypes())) {
    const isFailure = member.getInterfaces().some(({ name }) => name === 'Error');
    expect([member.name, member.name.endsWith('Error')]).toEqual([member.name, isFailure]);
  }
});

test('the nodes of two organizations do not meet: each client pages through its own', async () => {
  const ids = async (token: string) => {
    const client = createClient({ url: served.url, token });
    const nodes = await collect(paginate(client, workflowsQuery, { first: 2 }, (data) => data.workflows));
    return nodes.map(({ id }) => id).sort();
  };
  expect(await ids(served.acme.keys.owner)).toEqual([...served.acme.workflowIds].sort());
  expect(await ids(served.globex.keys.owner)).toEqual([...served.globex.workflowIds].sort());
});
