import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import pino from 'pino';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type DemoData, demoFile, ensureDemoData } from '../../prisma/seed.ts';
import { readConfig } from '../../src/config/index.ts';
import { ORGANIZATION_ROLES } from '../../src/kernel/permissions.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { loadDemo, warnOfDemo, welcome } from '../../src/serve.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { openSessionBy } from '../harness/sessions.ts';

const URL = 'http://127.0.0.1:4000/graphql';
const HOUR_MS = 60 * 60 * 1000;

let testApp: TestApp;
let dataDir: string;
let laterMs: number;

beforeEach(async () => {
  laterMs = 0;
  dataDir = mkdtempSync(path.join(tmpdir(), 'demo-'));
  testApp = await startTestApp({ clock: { now: () => new Date(Date.now() + laterMs) } });
});
afterEach(async () => {
  await testApp.close();
  rmSync(dataDir, { recursive: true });
});

const ensure = (): Promise<DemoData | null> =>
  ensureDemoData({ app: testApp.app, ownerUrl: testApp.database.ownerUrl, dataDir, url: URL });
const load = async (): Promise<DemoData> => (await ensure())!;
const signIn = (email: string, password: string) => openSessionBy(testApp.app.services.auth, { email, password });
const everybody = ({ organizations, platform }: DemoData) => [...organizations.flatMap(({ users }) => users), platform];
const hashes = () =>
  withClient(testApp.database.superuserUrl, async (client) =>
    (await client.query('SELECT email, password_hash FROM iam.users ORDER BY email')).rows,
  );

test('everybody has a password of their own, and comes in with their own role', async () => {
  const demo = await load();
  const people = everybody(demo);
  expect(people).toHaveLength(2 * ORGANIZATION_ROLES.length + 1);
  expect(new Set(people.map(({ password }) => password)).size).toBe(people.length);
  for (const { users, slug } of demo.organizations) {
    expect(users.map(({ role }) => role)).toEqual(ORGANIZATION_ROLES);
    for (const { email, password, role } of users) {
      const { data } = await testApp.call('{ viewer { role organization { slug } } }', {}, { as: (await signIn(email, password)).accessToken });
      expect(data.viewer).toEqual({ role: role.toUpperCase(), organization: { slug } });
    }
  }
});

test("the operator's password is nobody else's", async () => {
  const { platform, organizations } = await load();
  const { accessToken } = await signIn(platform.email, platform.password);
  expect(await testApp.app.services.auth.authenticate(accessToken, null)).toMatchObject({ systemRole: 'super_admin', tenant: null });
  for (const { password } of organizations.flatMap(({ users }) => users)) {
    await expect(signIn(platform.email, password)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  }
});

test('the file holds what the README names and only its owner reads it', async () => {
  const demo = await load();
  expect(JSON.parse(readFileSync(demoFile(dataDir), 'utf8'))).toEqual(demo);
  expect(statSync(demoFile(dataDir)).mode & 0o777).toBe(0o600);
  expect(Object.keys(demo)).toEqual(['url', 'platform', 'organizations']);
  expect(Object.keys(demo.organizations[0]!)).toEqual(['name', 'slug', 'id', 'users', 'apiKey']);
});

test('loaded a second time it is the same, and nothing is written', async () => {
  const demo = await load();
  const { result, statements } = await testApp.statementsOf(load);
  expect(result).toEqual(demo);
  expect(statements).toEqual([]);
});

test('without its file it gets new passwords and keys within a day, as often as it is lost', async () => {
  const first = await load();
  for (let lost = 0; lost < 2; lost += 1) {
    rmSync(demoFile(dataDir));
    const again = await load();
    expect(again.organizations.map(({ id }) => id)).toEqual(first.organizations.map(({ id }) => id));
    for (const { email, password } of everybody(again)) await signIn(email, password);
    for (const { apiKey, slug } of again.organizations) {
      const { data } = await testApp.call('{ organization { slug } workflows { totalCount } }', {}, { as: apiKey });
      expect(data).toEqual({ organization: { slug }, workflows: { totalCount: 4 } });
    }
  }
});

test('without its file after a day the start says so, changes nothing and goes on', async () => {
  const demo = await load();
  const before = await hashes();
  rmSync(demoFile(dataDir));
  laterMs = 25 * HOUR_MS;
  const lines: string[] = [];
  const config = readConfig({ DATA_DIR: dataDir, DEMO_DATA: 'on' });
  const { ownerUrl } = testApp.database;
  expect(await loadDemo(testApp.app, config, ownerUrl, URL, (line) => lines.push(line))).toBeNull();
  expect(lines).toEqual([expect.stringMatching(/^The demo organizations are there, but .*demo\.json is missing: .*delete .*DEMO_DATA=off\.$/)]);
  expect(existsSync(demoFile(dataDir))).toBe(false);
  expect(await hashes()).toEqual(before);
  await signIn(demo.platform.email, demo.platform.password);
});

test('taken into production, a database with the demo in it says in one line that its keys work', async () => {
  const demo = await load();
  const log: string[] = [];
  const logger = pino({}, { write: (line) => void log.push(line) });
  const production = readConfig({ NODE_ENV: 'production', DATA_DIR: dataDir });
  warnOfDemo(readConfig({ DATA_DIR: dataDir }), { embedded: true }, logger);
  warnOfDemo(production, { embedded: false }, logger);
  expect(log).toEqual([]);
  warnOfDemo(production, { embedded: true }, logger);
  expect(log.map((line) => JSON.parse(line))).toEqual([expect.objectContaining({ level: 40, code: 'DEMO_IN_PRODUCTION' })]);
  for (const { apiKey } of demo.organizations) expect(log[0]).not.toContain(apiKey);
});

test('the welcome says where mails are, and where their links lead, as long as they are files', () => {
  const shownWith = (environment: Record<string, string>) =>
    welcome({ url: URL, demo: null, stop: async () => undefined }, readConfig({ DATA_DIR: dataDir, ...environment }));
  expect(shownWith({ PUBLIC_URL: 'http://localhost:5173' })).toMatch(/^ {2}Mails +\S+outbox +.*http:\/\/localhost:5173, by PUBLIC_URL/m);
  expect(shownWith({ SMTP_URL: 'smtp://127.0.0.1:2525' })).not.toContain('outbox');
});

test('the welcome shows each sign-in and key', async () => {
  const demo = await load();
  const text = welcome({ url: URL, demo, stop: async () => undefined }, readConfig({ DATA_DIR: dataDir }));
  for (const { email, password } of everybody(demo)) expect(text).toMatch(new RegExp(`^ +${email} +${password}$`, 'm'));
  for (const { name, apiKey } of demo.organizations) expect(text).toMatch(new RegExp(`^ +${name} +Authorization: Bearer ${apiKey}$`, 'm'));
});
