import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { runArchive } from '../../src/ops/archive/index.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { bearer, codesOf } from '../http/door.ts';
import { seedWorld, type World } from '../harness/world.ts';
import { linesOf, openExports } from './exports.ts';

// Exports that take long: what happens to the log, to the caller and to the server meanwhile.

const exports = await openExports();
const { world, directory, sql, append, take, open, verify } = exports;
afterAll(() => exports.close());

describe('of a log that is being archived', () => {
  const environment = () => ({
    NODE_ENV: 'test',
    SECRET_KEY: 'a secret for tests, long enough for the check',
    DATABASE_URL: world.testApp.database.runtimeUrl,
    MIGRATION_DATABASE_URL: world.testApp.database.ownerUrl,
  });
  let initech: World;
  let exported: string[];
  let failure: unknown;
  beforeAll(async () => {
    const { app } = world.testApp;
    initech = await seedWorld(world.testApp, 'initech', world.operator.userId, 1);
    await append(initech, 40, 'x'.repeat(60_000));
    await take('', bearer(initech.keys.owner));
    await append(initech, 40, 'x'.repeat(60_000));
    const owner = await app.services.auth.authenticate(initech.keys.owner, null);
    const { lines } = await runInScope(createScope({ orgId: initech.orgUuid, userId: owner.userId }), () =>
      app.signedLog.exporter.begin(app.serviceContext(owner), {}),
    );
    exported = [(await lines.next()).value as string, (await lines.next()).value as string];
    const argv = ['--organization', initech.orgUuid, '--before', '2100-01-01', '--to', path.join(directory, 'archive.jsonl')];
    await runArchive(argv, readConfig(environment()), () => undefined);
    try {
      for await (const line of lines) exported.push(line);
    } catch (error) {
      failure = error;
    }
  });

  test('it ends with a failure, with all that came before it in order, and not as if it were whole', async () => {
    expect(failure).toMatchObject({ code: 'CONFLICT', message: expect.stringContaining('is being moved to an archive') as string });
    const check = await verify(exported.join('\n'));
    expect(check.findings.map(({ message }) => message)).toEqual([expect.stringContaining('the file was cut off') as string]);
    expect(check.events).toBeGreaterThan(1);
    expect(check.events).toBeLessThan(40);
  });

  test('what was archived is refused from then on, and it is said from where one may read', async () => {
    const [archive] = await sql('SELECT position::int FROM events.archives WHERE org_id = $1', initech.orgUuid);
    const reply = await take('?after=5', bearer(initech.keys.owner));
    expect([reply.status, codesOf(reply)]).toEqual([400, ['VALIDATION_FAILED']]);
    expect(reply.text).toContain(`must be at least ${archive!['position']}: what comes before was archived`);
    expect(linesOf(await take('', bearer(initech.keys.owner)))[0]).toMatchObject({ begin: { after: archive!['position'] as number } });
  });
});

test('a log whose last events were taken away is not given away as a shorter one', async () => {
  const hooli = await seedWorld(world.testApp, 'hooli', world.operator.userId, 1);
  const { publicKeys } = world.testApp.app.signedLog.keyRing;
  const last = await append(hooli, 5);
  await take(`?through=${last - 2}`, bearer(hooli.keys.owner));
  await sql(`DO $do$ BEGIN SET LOCAL session_replication_role = replica;
    DELETE FROM events.events WHERE org_id = '${hooli.orgUuid}' AND position > ${last - 2}; END $do$`);
  const reply = await take(`?through=${last}`, bearer(hooli.keys.owner));
  expect(linesOf(reply).at(-1)).toMatchObject({ end: { position: last, keys: publicKeys } });
  expect((await verify(reply.text)).findings.map(({ message }) => message)).toContainEqual(expect.stringContaining('belongs elsewhere'));
});

describe('of a long log', () => {
  const EACH = 60_000;
  let head: number;
  beforeAll(async () => {
    for (let index = 0; index < 10; index += 1) head = await append(world.globex, 100, 'x'.repeat(EACH));
    // What is not signed is read once to be signed, before an export begins.
    await take(`?after=${head}`, bearer(world.globex.keys.owner));
  });
  let statements: string[];
  beforeEach(() => {
    statements = [];
  });
  const watch = () => world.testApp.app.pool.observe(({ text }) => void (text.includes('read_chain') && statements.push(text)));

  test('no more is read than the caller takes, and nothing once the caller is gone', async () => {
    const stop = watch();
    const response = await open('', bearer(world.globex.keys.owner));
    response.pause();
    const isStill = async () => {
      const before = statements.length;
      await new Promise((resolve) => setTimeout(resolve, 500));
      return statements.length === before;
    };
    await expect.poll(isStill, { timeout: 20_000 }).toBe(true);
    // 60 MB are there to be read; what lies on the way is what sockets and buffers hold.
    expect(statements.length).toBeLessThan(60);
    response.destroy();
    await expect.poll(isStill).toBe(true);
    expect(statements.length).toBeLessThan(60);
    stop();
  });

  test('a key that is taken back gets no more of it, and is told why', async () => {
    const { app } = world.testApp;
    const owner = await app.services.auth.authenticate(world.globex.keys.owner, null);
    const asOwner = <Result>(work: () => Promise<Result>) => runInScope(createScope({ orgId: world.globex.orgUuid, userId: owner.userId }), work);
    const { apiKeyId, secret } = await asOwner(() => app.services.apiKeys.create(app.serviceContext(owner), { name: 'Exporter', scopes: ['event:read', 'audit:read'] }));
    const response = await open('', bearer(secret!));
    response.pause();
    await asOwner(() => app.services.apiKeys.revoke(app.serviceContext(owner), { id: toGlobalId('ApiKey', apiKeyId) }));
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk as Buffer);
    const text = Buffer.concat(chunks).toString();
    expect(JSON.parse(text.trimEnd().split('\n').at(-1)!)).toMatchObject({ errors: [{ extensions: { code: 'UNAUTHENTICATED' } }] });
    // What lay on the way when it was taken back is what sockets and buffers hold.
    expect(text.length).toBeLessThan(30_000_000);
  });

  test('an organization has only so many under way at once, a caller fewer, and each that ends makes room', async () => {
    const openTwo = async (key: string) => {
      const responses = [await open('', bearer(key)), await open('', bearer(key))];
      for (const response of responses) response.pause();
      return responses;
    };
    const { owner, admin } = world.globex.keys;
    const underWay = await openTwo(owner);
    const third = await take('', bearer(owner));
    expect([third.status, codesOf(third)]).toEqual([429, ['RATE_LIMITED']]);
    expect(third.text).toContain('You have 2 exports under way, the most there may be: take one to its end first, or end it.');
    expect(await take('', bearer(world.acme.keys.owner))).toMatchObject({ status: 200 });
    underWay.push(...(await openTwo(admin)));
    const chosen = { ...bearer(world.operator.token), 'x-organization-id': world.globex.organizationId };
    const fifth = await take('?through=3', chosen);
    expect([fifth.status, fifth.text]).toEqual([429, expect.stringContaining('This organization has 4 exports under way') as string]);
    for (const response of underWay) response.destroy();
    await expect.poll(async () => (await take('?through=3', bearer(owner))).status, { timeout: 20_000 }).toBe(200);
    // What was refused has taken no place.
    for (let times = 0; times < 5; times += 1) await take('?after=99999999', bearer(owner));
    expect(await take('?through=3', bearer(owner))).toMatchObject({ status: 200 });
  });

  test('everything comes to a slow reader, beyond the time that a request may take', async () => {
    const { startTestServer } = await import('../harness/http.ts');
    const server = await startTestServer(world.testApp, { requestTimeoutMs: 300 });
    try {
      const request = get(`${new URL(server.url).origin}/events/export`, { headers: bearer(world.globex.keys.owner), agent: false });
      const [response] = (await once(request, 'response')) as [IncomingMessage];
      const began = performance.now();
      const chunks: Buffer[] = [];
      let sinceRest = 0;
      for await (const chunk of response) {
        chunks.push(chunk as Buffer);
        sinceRest += (chunk as Buffer).length;
        if (sinceRest < 2_000_000) continue;
        sinceRest = 0;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      expect(performance.now() - began).toBeGreaterThan(300);
      const check = await verify(Buffer.concat(chunks).toString());
      expect(check).toMatchObject({ found: 0 });
      expect(check.position).toBeGreaterThan(head);
    } finally {
      await server.close();
    }
  });
});
