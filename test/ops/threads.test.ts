import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';
import { spawnServer } from '../harness/server-process.ts';
import { ask } from '../http/door.ts';

let database: TestDatabase;
let dataDir: string;
beforeAll(async () => {
  database = await createTestDatabase();
  dataDir = await mkdtemp(path.join(tmpdir(), 'tenantry-threads-'));
});
afterAll(async () => {
  await database?.drop();
  await rm(dataDir, { recursive: true, force: true });
});

const SIGN_IN = 'mutation { signIn(input: { email: "nobody@example.test", password: "wrong" }) { __typename } }';

/** The threads of a process that hashes, files and names of hosts share. */
async function workersOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const names = await Promise.all(threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/comm`, 'utf8')));
  return names.filter((name) => name.startsWith('libuv-worker')).length;
}

// Only Linux tells what the threads of a process are called.
test.runIf(process.platform === 'linux').each([
  [{}, 4],
  [{ HASHES_AT_ONCE: '12' }, 13],
  [{ HASHES_AT_ONCE: '12', UV_THREADPOOL_SIZE: '6' }, 13],
  [{ HASHES_AT_ONCE: '2', UV_THREADPOOL_SIZE: '6' }, 6],
])('a flood of guesses leaves the known and the files of a server a thread: with %j there are %i', async (given, threads) => {
  const server = spawnServer({ env: { DATABASE_URL: database.runtimeUrl, DATA_DIR: dataDir, ...given } });
  const reply = await ask(await server.url(), SIGN_IN);
  expect(reply.json.errors[0].extensions.code).toBe('UNAUTHENTICATED');
  expect(await workersOf(server.pid)).toBe(threads);
  await server.end('SIGTERM');
});
