import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { serverAudits } from 'graphql-http';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { DemoData } from '../../prisma/seed.ts';
import { type ServerProcess, spawnServer } from '../harness/server-process.ts';

// graphql-http's audits of GraphQL over HTTP, on the server as an operator runs it in production.

let server: ServerProcess;
let base: string;
let url: string;
let authorization: string;

beforeAll(async () => {
  base = mkdtempSync(path.join(tmpdir(), 'tenantry-audits-'));
  // Another account runs the database when this is root, and has to get here.
  chmodSync(base, 0o711);
  const dataDir = path.join(base, 'data');
  const env = { NODE_ENV: 'production', DEMO_DATA: 'on', DATA_DIR: dataDir, LOG_LEVEL: 'silent', RATE_LIMITS: 'on' };
  server = spawnServer({ env });
  url = await server.url();
  const { organizations } = JSON.parse(readFileSync(path.join(dataDir, 'demo.json'), 'utf8')) as DemoData;
  authorization = `Bearer ${organizations[0]!.apiKey}`;
});
afterAll(async () => {
  await server.end();
  rmSync(base, { recursive: true, force: true });
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
