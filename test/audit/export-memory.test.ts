import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { type ServerProcess, spawnServer } from '../harness/server-process.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';
import { bearer } from '../http/door.ts';

// A server as an operator runs it, and a log that is much larger than what it may grow by while it gives that log away.

const SECRET_KEY = 'a secret for tests, long enough for the check';
const EVENTS = 2_500;
const EACH_BYTES = 80_000;
/** A page of the log in its several forms, with what is let go of and not collected yet: some 20 to 90 MB. */

let testApp: TestApp;
let acme: World;
let server: ServerProcess;
let origin: string;

beforeAll(async () => {
  testApp = await startTestApp({ environment: { SECRET_KEY } });
  const { app, database } = testApp;
  acme = await seedWorld(testApp, 'acme', (await appointOperator(testApp)).userId, 1);
  const half = () => 'x'.repeat(EACH_BYTES / 2);
  for (let written = 0; written < EVENTS; written += 50) {
    const events = Array.from({ length: 50 }, () => ({ type: 'NOTE.WRITTEN', data: { half: half() }, metadata: { half: half() } }));
    await runInScope(createScope({ orgId: acme.orgUuid, userId: null }), () => app.events.append({ db: app.db, principal: null }, events));
  }
  const env = { NODE_ENV: 'test', SECRET_KEY, DATABASE_URL: database.runtimeUrl, DEMO_DATA: 'off', LOG_LEVEL: 'error', NODE_OPTIONS: '--max-semi-space-size=4' };
  server = spawnServer({ env });
  origin = new URL(await server.url()).origin;
}, 180_000);
afterAll(async () => {
  await server?.end('SIGKILL');
  await testApp?.close();
});

/** What the process holds in memory now. */
const residentBytes = (): number => Number(/^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${server.pid}/status`, 'utf8'))?.[1]) * 1_024;

async function take(query: string, headers: Record<string, string> = {}): Promise<IncomingMessage> {
  const request = get(`${origin}/events/export${query}`, { headers: { ...bearer(acme.keys.owner), ...headers }, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(response.statusCode).toBe(200);
  return response;
}

test('a log of 200 MB is given to a slow reader, plain and compressed, by a server that hardly grows', async () => {
  // What a first export loads and signs is no part of the question.
  for await (const _ of await take('?through=20'));
  for await (const _ of await take('?after=2400'));
  const before = residentBytes();
  let most = before;
  const watching = setInterval(() => (most = Math.max(most, residentBytes())), 20);
  try {
    for (const encoding of ['identity', 'gzip']) {
      const response = await take('', { 'accept-encoding': encoding });
      const body = response.headers['content-encoding'] === 'gzip' ? response.pipe(createGunzip()) : response;
      // Nobody reads at first: a server that went on would have everything in memory by the end of it.
      body.pause();
      await sleep(4_000);
      let bytes = 0;
      let last = Buffer.alloc(0);
      for await (const chunk of body) {
        bytes += (chunk as Buffer).length;
        last = Buffer.concat([last, chunk as Buffer]).subarray(-1_000);
      }
      expect(bytes).toBeGreaterThan(EVENTS * EACH_BYTES);
      expect(last.toString()).toContain('{"end":');
    }
  } finally {
    clearInterval(watching);
  }
}, 180_000);
