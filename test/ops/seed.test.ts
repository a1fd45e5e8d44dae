import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { parseDefinition, tasksOf } from '../../src/domains/workflows/definition.ts';
import { uuidOf } from '../../src/kernel/ids.ts';
import { readSeedFile, type SeededOrganization } from '../../src/ops/seed/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp } from '../harness/app.ts';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { runSeedCommand, SEED_SECRET, spawnSeed } from '../harness/seed-process.ts';

let database: TestDatabase;
let dataDir: string;

beforeEach(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-seed-test-'));
});
afterEach(async () => {
  await database.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const seed = (...args: string[]) => runSeedCommand(database, dataDir, args);

const query = async <Row>(sql: string): Promise<Row[]> =>
  withClient(database.superuserUrl, async (client) => (await client.query(sql)).rows as Row[]);

const TABLES = ['memberships', 'api_keys', 'workflows', 'workflow_versions', 'tasks', 'schedules', 'workflow_states', 'task_states'];

/** How many rows each organization of the seed has in each table; the superuser sees all. */
const rowCounts = async (): Promise<Record<string, Record<string, number>>> => {
  const counts: Record<string, Record<string, number>> = {};
  for (const table of TABLES) {
    const schema = ['memberships', 'api_keys'].includes(table) ? 'iam' : 'workflow';
    const sql = `SELECT o.slug, (SELECT count(*)::int FROM ${schema}.${table} t WHERE t.org_id = o.id) AS rows FROM iam.organizations o WHERE o.slug LIKE 'load-%'`;
    for (const { slug, rows } of await query<{ slug: string; rows: number }>(sql)) (counts[slug] ??= {})[table] = rows;
  }
  return counts;
};

/** What the key of an organization sees through the API: its organization and all its workflows. */
const seenBy = async (organizations: readonly SeededOrganization[]) => {
  const testApp = await startTestApp({ database, environment: { SECRET_KEY: SEED_SECRET } });
  try {
    const document = '{ organization { id slug } workflows(first: 100) { totalCount edges { node { id name tasks(first: 45) { edges { node { key } } } createdBy { email } } } } }';
    const answers = [];
    for (const { apiKey } of organizations) answers.push(await testApp.call(document, {}, { as: apiKey }));
    return answers;
  } finally {
    await testApp.close();
  }
};

test('every organization gets what was asked for, and its key opens its own and nothing else', async () => {
  const ended = await seed('--organizations', '2', '--workflows', '40', '--tasks', '3');
  expect(ended).toMatchObject({ code: 0, stderr: '' });
  expect(ended.stdout).toContain('80 of 80 workflows (100 %)');

  const counts = await rowCounts();
  expect(Object.keys(counts).sort()).toEqual(['load-0001', 'load-0002']);
  for (const rows of Object.values(counts)) {
    expect(rows).toMatchObject({ memberships: 5, api_keys: 1, workflows: 40, tasks: 120 });
  }
  for (const table of ['workflow_versions', 'schedules', 'workflow_states', 'task_states']) {
    expect(Object.values(counts).reduce((sum, rows) => sum + rows[table]!, 0)).toBeGreaterThan(0);
  }

  const organizations = readSeedFile(dataDir);
  const answers = await seenBy(organizations);
  expect(answers).toHaveLength(2);
  for (const [index, { errors, data }] of answers.entries()) {
    expect(errors).toBeUndefined();
    const { slug, id } = organizations[index]!;
    expect(data.organization).toEqual({ slug, id });
    expect(data.workflows.totalCount).toBe(40);
    for (const { node } of data.workflows.edges) {
      expect(node.createdBy.email).toMatch(new RegExp(`@${slug}\\.example$`));
      expect(node.tasks.edges).toHaveLength(3);
    }
  }
  const idsOf = (answer: (typeof answers)[number]): string[] => answer.data.workflows.edges.map((edge: { node: { id: string } }) => edge.node.id);
  expect(new Set(answers.flatMap(idsOf)).size).toBe(80);
});

test('the made-up definitions are valid, and the tasks are those of the definition', async () => {
  await seed('--organizations', '1', '--workflows', '30', '--tasks', '12');
  const rows = await query<{ definition: unknown; tasks: unknown }>(
    `SELECT v.definition, (SELECT jsonb_agg(jsonb_build_object('key', t.key, 'type', t.type, 'config', t.config, 'position', t.position) ORDER BY t.position)
                             FROM workflow.tasks t WHERE t.org_id = w.org_id AND t.workflow_id = w.id) AS tasks
       FROM workflow.workflows w JOIN workflow.workflow_versions v ON v.org_id = w.org_id AND v.workflow_id = w.id AND v.version = w.current_version`,
  );
  expect(rows).toHaveLength(30);
  for (const { definition, tasks } of rows) expect(tasksOf(parseDefinition(definition))).toEqual(tasks);
});

test('seeded twice, it is the same as seeded once; larger numbers add what is missing', async () => {
  await seed('--organizations', '2', '--workflows', '30');
  const [once, keys] = [await rowCounts(), await readFile(path.join(dataDir, 'seed.json'), 'utf8')];
  expect(await seed('--organizations', '2', '--workflows', '30')).toMatchObject({ code: 0, stderr: '' });
  expect(await rowCounts()).toEqual(once);
  expect(await readFile(path.join(dataDir, 'seed.json'), 'utf8')).toBe(keys);

  await seed('--organizations', '3', '--workflows', '50');
  const grown = await rowCounts();
  expect(Object.values(grown).map(({ workflows, tasks }) => ({ workflows, tasks }))).toEqual(Array(3).fill({ workflows: 50, tasks: 250 }));
  expect(readSeedFile(dataDir).map(({ slug }) => slug)).toEqual(['load-0001', 'load-0002', 'load-0003']);
});

test('killed in the middle, no organization is there by halves, and the next run completes it without duplicates', async () => {
  const args = ['--organizations', '8', '--workflows', '400'];
  const child = spawnSeed(database, dataDir, args);
  const ended = once(child, 'close');
  while (Object.keys(await rowCounts()).length < 2) await sleep(20);
  child.kill('SIGKILL');
  await ended;

  const before = await rowCounts();
  expect(Object.keys(before).length).toBeLessThan(8);
  for (const rows of Object.values(before)) expect(rows).toMatchObject({ memberships: 5, api_keys: 1, workflows: 400, tasks: 2_000 });

  expect(await seed(...args)).toMatchObject({ code: 0, stderr: '' });
  const after = await rowCounts();
  expect(Object.keys(after)).toHaveLength(8);
  for (const rows of Object.values(after)) expect(rows).toMatchObject({ memberships: 5, api_keys: 1, workflows: 400, tasks: 2_000 });
  expect(after).toMatchObject(before);
  for (const { errors } of await seenBy(readSeedFile(dataDir))) expect(errors).toBeUndefined();
});

test('Ctrl-C keeps what is complete and says how to go on', async () => {
  const child = spawnSeed(database, dataDir, ['--organizations', '50', '--workflows', '400']);
  let stderr = '';
  child.stderr?.on('data', (piece: Buffer) => (stderr += piece.toString()));
  const ended = once(child, 'close');
  while (Object.keys(await rowCounts()).length < 2) await sleep(20);
  child.kill('SIGINT');
  expect((await ended)[0]).toBe(130);
  expect(stderr).toBe('Stopped: what is complete is kept, and the same command carries on.\n');
  for (const rows of Object.values(await rowCounts())) expect(rows).toMatchObject({ workflows: 400 });
});

test('the file with the keys is for its owner only; when it is lost, the old keys are revoked and new ones work', async () => {
  const file = path.join(dataDir, 'seed.json');
  await seed('--organizations', '1', '--workflows', '5');
  expect((await stat(file)).mode & 0o777).toBe(0o600);
  const before = readSeedFile(dataDir);

  await rm(file);
  expect(await seed('--organizations', '1', '--workflows', '5')).toMatchObject({ code: 0, stderr: '' });
  const after = readSeedFile(dataDir);
  expect(after[0]!.apiKey).not.toBe(before[0]!.apiKey);
  const [old, fresh] = await seenBy([before[0]!, after[0]!]);
  expect(old!.errors?.[0]?.extensions.code).toBe('UNAUTHENTICATED');
  expect(fresh!.errors).toBeUndefined();
  expect(uuidOf('Organization', after[0]!.id)).toBe(uuidOf('Organization', before[0]!.id));
});

test('a wrong option, a broken file and a name that is taken each end in one line', async () => {
  const refused = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await seed(...args);
    expect(code).toBe(1);
    expect(stderr.trimEnd().split('\n')).toHaveLength(1);
    return stderr;
  };
  expect(await refused('--organizations', '0')).toContain('from 1 to 10,000');
  expect(await rowCounts()).toEqual({});

  await writeFile(path.join(dataDir, 'seed.json'), 'not json');
  expect(await refused('--organizations', '1')).toContain('seed.json cannot be read');
  await rm(path.join(dataDir, 'seed.json'));

  await query(`INSERT INTO iam.organizations (name, slug, engine_namespace, status) VALUES ('Mine', 'load-0001', 'org-mine', 'active')`);
  expect(await refused('--organizations', '1', '--workflows', '1')).toContain('load-0001');
});
