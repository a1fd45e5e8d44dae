import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ServerProcess, spawnServer } from '../harness/server-process.ts';
import { serveWorld, type ServedWorld } from './world.ts';

// graphql-http's audits of GraphQL over HTTP, on the server as an operator runs it in production.

let world: ServedWorld;
let server: ServerProcess;
let url: string;
let authorization: string;

beforeAll(async () => {
  const SECRET_KEY = 'a secret that two processes share, for this test';
  world = await serveWorld({ environment: { SECRET_KEY } });
  authorization = `Bearer ${world.acme.keys.viewer}`;
  const DATABASE_URL = world.testApp.database.runtimeUrl;
  server = spawnServer({ env: { NODE_ENV: 'production', DATABASE_URL, SECRET_KEY, LOG_LEVEL: 'silent', RATE_LIMITS: 'on' } });
  url = await server.url();
});
afterAll(async () => {
  await server.end();
  await world.close();
});

/** Sends the key with each request. */
function fetchWithKey(address: string, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set('authorization', authorization);
  return fetch(address, { ...init, headers });
}

describe.each([
  ['nobody', fetch],
  ['somebody with a key', fetchWithKey],
])('for %s', (_caller, fetchFn) => {
  const audits = serverAudits({ url: () => url, fetchFn });

  test('there are 61 audits', () => {
    expect(new Set(audits.map(({ id }) => id)).size).toBe(61);
  });

  // Each has to be "ok": a warning or a notice is a failure too.
  test.each(audits.map(({ id, name, fn }) => [id, name, fn] as const))('%s %s', async (id, name, audit) => {
    expect(await audit()).toEqual({ id, name, status: 'ok' });
  });
});
