import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { runArchive } from '../../src/ops/archive/index.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';

// Whoever reads on from a position that lies before the archive would take it that nothing has happened meanwhile.

let api: TestApp;
let acme: World;
let directory: string;
/** The last position that was archived. */
let archived: number;

beforeAll(async () => {
  api = await startTestApp();
  acme = await seedWorld(api, 'acme', (await appointOperator(api)).userId, 2);
  directory = mkdtempSync(path.join(tmpdir(), 'tenantry-archived-'));
  const { runtimeUrl, ownerUrl } = api.database;
  const secret = 'a secret for tests, long enough for the check';
  const config = readConfig({ NODE_ENV: 'test', SECRET_KEY: secret, DATABASE_URL: runtimeUrl, MIGRATION_DATABASE_URL: ownerUrl });
  await runArchive(['--organization', acme.orgUuid, '--before', '2100-01-01', '--to', path.join(directory, 'log.jsonl')], config, () => undefined);
  archived = Number((await ask('{ events(first: 1) { edges { node { position } } } }')).data.events.edges[0].node.position) - 1;
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await api?.close();
});

const ask = (query: string, variables: Record<string, unknown> = {}) => api.call(query, variables, { as: acme.keys.owner });

test('a page that goes on from before the archive is refused, and it is said from where one may read', async () => {
  expect(archived).toBeGreaterThan(1);
  const { errors } = await ask('query ($after: Position) { events(afterPosition: $after) { head } }', { after: archived - 1 });
  expect(errors?.[0]).toMatchObject({ message: expect.stringContaining(`must be at least ${archived}`) as string, extensions: { code: 'VALIDATION_FAILED' } });
});

test.each(['eventAppended', 'workflowChanged', 'memberChanged'])('%s does not begin before the archive', async (field) => {
  const response = await api.app.api.fetch('http://tenantry.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${acme.keys.owner}` },
    body: JSON.stringify({ query: `subscription { ${field}(after: ${archived - 1}) { __typename } }` }),
  });
  const text = await response.text();
  expect(text).toContain('VALIDATION_FAILED');
  expect(text).toContain(`must be at least ${archived}`);
});

test('from the archive on, and from the beginning of what is there, one may read', async () => {
  for (const after of [0, archived]) {
    const { errors, data } = await ask('query ($after: Position) { events(afterPosition: $after, first: 1) { edges { node { position } } } }', { after });
    expect(errors).toBeUndefined();
    expect(Number(data.events.edges[0].node.position)).toBe(archived + 1);
  }
});
