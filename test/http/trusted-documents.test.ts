import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readTrustedDocuments } from '../../src/http/trusted-documents.ts';
import { createClient, createWorkflowMutation, viewerQuery, workflowsQuery } from '../../src/sdk/index.ts';
import { definition } from '../harness/world.ts';
import { bearer, codesOf, send, type Reply } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

const SDK_MANIFEST = path.resolve(import.meta.dirname, '../../src/sdk/generated/persisted-documents.json');

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex');
const idOf = (text: string): string => `sha256:${hashOf(text)}`;

const DOCUMENTS = {
  workflow: 'query ($id: ID!) { workflow(id: $id) { name } }',
  rename: 'mutation ($id: ID!) { updateWorkflow(input: { id: $id, name: "Renamed" }) { __typename } }',
  deep: `{ viewer { organization { ${'id '.repeat(3)} } } ...F } fragment F on Query { ${Array.from({ length: 60 }, (_, i) => `a${i}: viewer { kind }`).join(' ')} }`,
  schema: '{ __schema { types { name } } }',
  stale: '{ fieldOfLongAgo }',
};

let folder: string;
/** Runs trusted documents only. */
let strict: ServedWorld;
/** Runs any document, and knows the same trusted ones. */
let open: ServedWorld;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'tenantry-manifest-'));
  const own = path.join(folder, 'own.json');
  // Half of the manifests in the world have no prefix.
  writeFileSync(own, JSON.stringify(Object.fromEntries(Object.values(DOCUMENTS).map((text) => [hashOf(text), text]))));
  const TRUSTED_DOCUMENTS = `${own}, ${SDK_MANIFEST}`;
  strict = await serveWorld({ environment: { TRUSTED_DOCUMENTS, DOCUMENTS: 'trusted', INTROSPECTION: 'signed-in' } });
  open = await serveWorld({ environment: { TRUSTED_DOCUMENTS } });
});
afterAll(async () => {
  await open.close();
  await strict.close();
  rmSync(folder, { recursive: true, force: true });
});

const post = (world: ServedWorld, body: object, key?: string): Promise<Reply> =>
  send(world.url, {
    headers: { 'content-type': 'application/json', ...(key && bearer(key)) },
    body: JSON.stringify(body),
  });
const get = (world: ServedWorld, params: Record<string, string>, key?: string): Promise<Reply> =>
  send(`${world.url}?${new URLSearchParams(params)}`, { method: 'GET', headers: key ? bearer(key) : {} });

describe('an id stands for its document', () => {
  const variables = () => ({ id: strict.acme.workflowIds[0]! });
  test.each<[string, (world: ServedWorld) => Promise<Reply>]>([
    ['in the body', (world) => post(world, { documentId: idOf(DOCUMENTS.workflow), variables: variables() }, world.acme.keys.viewer)],
    [
      'in the address',
      (world) =>
        get(world, { documentId: idOf(DOCUMENTS.workflow), variables: JSON.stringify(variables()) }, world.acme.keys.viewer),
    ],
    [
      'in the form of Apollo and urql',
      (world) =>
        post(
          world,
          { variables: variables(), extensions: { persistedQuery: { version: 1, sha256Hash: hashOf(DOCUMENTS.workflow) } } },
          world.acme.keys.viewer,
        ),
    ],
  ])('%s', async (_way, ask) => {
    const { json } = await ask(strict);
    expect(json.errors).toBeUndefined();
    expect(json.data.workflow.name).toBeTypeOf('string');
  });

  test('for the SDK, which sends no texts then', async () => {
    const client = createClient({ url: strict.url, token: strict.acme.keys.owner, sendIds: true });
    expect((await client.request(viewerQuery)).viewer?.role).toBe('OWNER');
    expect((await client.request(workflowsQuery, { first: 1 })).workflows?.edges).toHaveLength(1);
    const input = { name: 'By its id', definition: definition('by-its-id') };
    expect((await client.request(createWorkflowMutation, { input })).createWorkflow?.__typename).toBe('CreateWorkflowSuccess');
    const withText = createClient({ url: strict.url, token: strict.acme.keys.owner });
    await expect(withText.request(viewerQuery)).rejects.toMatchObject({ code: 'DOCUMENT_NOT_TRUSTED' });
    await expect(client.request({ toString: () => '{ viewer { kind } }' })).rejects.toThrow('has no id');
  });
});

describe('where only trusted documents run, a text is refused', () => {
  const TEXTS = ['{ __typename }', '{ viewer { kind } }', 'mutation { signOut { __typename } }', getIntrospectionQuery(), '{'];
  test.each(TEXTS)('%j', async (query) => {
    for (const key of [undefined, strict.acme.keys.owner, strict.operator.token]) {
      expect(codesOf(await post(strict, { query }, key))).toEqual(['DOCUMENT_NOT_TRUSTED']);
      expect(codesOf(await get(strict, { query }, key))).toEqual(['DOCUMENT_NOT_TRUSTED']);
    }
  });

  test('also beside an id, and also one that is trusted', async () => {
    const documentId = idOf(DOCUMENTS.workflow);
    expect(codesOf(await post(strict, { query: '{ __typename }', documentId }))).toEqual(['DOCUMENT_NOT_TRUSTED']);
    expect(codesOf(await post(strict, { query: DOCUMENTS.workflow }))).toEqual(['DOCUMENT_NOT_TRUSTED']);
  });
});

describe('a document is never learned from a request', () => {
  const query = '{ viewer { kind } }';
  const extensions = { persistedQuery: { version: 1, sha256Hash: hashOf(query) } };
  test('where texts run', async () => {
    expect((await post(open, { query, extensions })).json).toEqual({ data: { viewer: null } });
    expect(codesOf(await post(open, { extensions }))).toEqual(['PERSISTED_DOCUMENT_NOT_FOUND']);
  });

  test('and where they do not', async () => {
    expect(codesOf(await post(strict, { query, extensions }))).toEqual(['DOCUMENT_NOT_TRUSTED']);
    expect(codesOf(await post(strict, { extensions }))).toEqual(['PERSISTED_DOCUMENT_NOT_FOUND']);
  });
});

test.each<[string, object, string]>([
  ['an unknown id', { documentId: `sha256:${'0'.repeat(64)}` }, 'PERSISTED_DOCUMENT_NOT_FOUND'],
  ['an id without its prefix', { documentId: hashOf(DOCUMENTS.workflow) }, 'PERSISTED_DOCUMENT_NOT_FOUND'],
  ['an id in capitals', { documentId: `sha256:${hashOf(DOCUMENTS.workflow).toUpperCase()}` }, 'PERSISTED_DOCUMENT_NOT_FOUND'],
  ['the name of something that every object has', { documentId: 'constructor' }, 'PERSISTED_DOCUMENT_NOT_FOUND'],
  ['an empty id', { documentId: '' }, 'PERSISTED_DOCUMENT_NOT_FOUND'],
  ['a number', { documentId: 5 }, 'BAD_REQUEST'],
  ['null', { documentId: null }, 'BAD_REQUEST'],
  ['nothing', {}, 'BAD_REQUEST'],
  ['a hash that is an object', { extensions: { persistedQuery: { sha256Hash: {} } } }, 'BAD_REQUEST'],
])('%s is no document', async (_name, body, code) => {
  for (const world of [strict, open]) expect(codesOf(await post(world, body))).toEqual([code]);
});

test('an id and a text together are ambiguous where both could run', async () => {
  const body = { query: '{ __typename }', documentId: idOf(DOCUMENTS.workflow) };
  expect(codesOf(await post(open, body))).toEqual(['BAD_REQUEST']);
});

describe('being trusted gives a document no rights', () => {
  const read = (id: string, key?: string) => post(strict, { documentId: idOf(DOCUMENTS.workflow), variables: { id } }, key);

  test('each caller is answered for its own organization, whoever asked first', async () => {
    const [id] = strict.acme.workflowIds;
    expect((await read(id!, strict.acme.keys.viewer)).json.data.workflow).not.toBeNull();
    expect(codesOf(await read(id!, strict.globex.keys.owner))).toEqual(['NOT_FOUND']);
    expect(codesOf(await read(id!))).toEqual(['UNAUTHENTICATED']);
    expect((await read(id!, strict.acme.keys.viewer)).json.data.workflow).not.toBeNull();
  });

  test('each role does what it may', async () => {
    const variables = { id: strict.acme.workflowIds[1]! };
    const rename = (key?: string) => post(strict, { documentId: idOf(DOCUMENTS.rename), variables }, key);
    expect(codesOf(await rename())).toEqual(['UNAUTHENTICATED']);
    expect(codesOf(await rename(strict.acme.keys.viewer))).toEqual(['FORBIDDEN']);
    const foreign = await rename(strict.globex.keys.owner);
    expect(foreign.json.data.updateWorkflow.__typename).toBe('NotFoundError');
    const { json } = await rename(strict.acme.keys.owner);
    expect(json.data.updateWorkflow.__typename).toBe('UpdateWorkflowSuccess');
  });

  test('a mutation is not run by GET', async () => {
    const reply = await get(strict, { documentId: idOf(DOCUMENTS.rename), variables: '{"id":"x"}' }, strict.acme.keys.owner);
    expect([reply.status, reply.headers.allow]).toEqual([405, 'POST']);
  });

  test('limits hold, the schema is checked, and introspection is for those who may', async () => {
    const { owner } = strict.acme.keys;
    expect(codesOf(await post(strict, { documentId: idOf(DOCUMENTS.deep) }, owner))).toEqual(['QUERY_TOO_COMPLEX']);
    expect(codesOf(await post(strict, { documentId: idOf(DOCUMENTS.stale) }, owner))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect(codesOf(await post(strict, { documentId: idOf(DOCUMENTS.schema) }))).toEqual(['GRAPHQL_VALIDATION_FAILED']);
    expect((await post(strict, { documentId: idOf(DOCUMENTS.schema) }, owner)).json.data.__schema).toBeDefined();
  });
});

describe('a manifest', () => {
  const refusal = (content: string): string => {
    const file = path.join(folder, 'broken.json');
    writeFileSync(file, content);
    try {
      readTrustedDocuments([file]);
    } catch (error) {
      expect((error as Error).name).toBe('OperatorError');
      return (error as Error).message.replace(file, 'FILE');
    }
    return 'accepted';
  };

  test('whose text is not what its id says ends the start in one line', () => {
    const id = idOf('{ a }');
    expect(refusal(JSON.stringify({ [id]: '{ b }' }))).toBe(
      `FILE: the document ${id} has another text than its id says: generate the file anew.`,
    );
  });

  test.each(['', 'null', '[]', '5', '{"sha256:00": 5}', '{'])('that is %j is refused in one line', (content) => {
    expect(refusal(content)).toMatch(/^FILE (cannot be read as JSON|is no list of documents): name JSON files [^\n]+$/);
  });

  test('that is not there is refused in one line', () => {
    expect(() => readTrustedDocuments([path.join(folder, 'missing.json')])).toThrow(/missing\.json cannot be read as JSON: name/);
  });

  test('of the SDK is complete: each operation has its id there', () => {
    const manifest = readTrustedDocuments([SDK_MANIFEST]);
    const generated = readFileSync(path.join(path.dirname(SDK_MANIFEST), 'graphql.ts'), 'utf8');
    const ids = [...generated.matchAll(/"id":"(sha256:[0-9a-f]{64})"/g)].map(([, id]) => id!);
    expect(ids.length).toBeGreaterThan(10);
    expect(ids.toSorted()).toEqual([...manifest.keys()].toSorted());
  });
});
