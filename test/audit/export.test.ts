import { gunzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { OPERATOR_PERMISSIONS } from '../../src/kernel/permissions.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { bearer, codesOf, send } from '../http/door.ts';
import { signIn } from '../harness/world.ts';
import { eventsOf, linesOf, openExports } from './exports.ts';

const exports = await openExports();
const { world, origin, sql, append, take, open, verify } = exports;
afterAll(() => exports.close());

test('the whole log is given away, signed to its end, and verified by what it holds itself', async () => {
  await append(world.acme, 30);
  const reply = await take();
  expect(reply.status).toBe(200);
  expect(reply.headers).toMatchObject({
    'content-type': 'application/x-ndjson; charset=utf-8',
    'cache-control': 'no-store, no-transform',
    'x-content-type-options': 'nosniff',
    'content-disposition': expect.stringMatching(/^attachment; filename="log-[0-9a-f-]{36}-1-\d+\.jsonl"$/) as string,
  });
  const lines = linesOf(reply);
  const events = eventsOf(reply);
  expect(lines[0]).toEqual({ begin: { format: 'tenantry-log-1', organization: world.acme.orgUuid, after: 0, hash: '0'.repeat(64) } });
  expect(events.map(({ position }) => position as number)).toEqual(events.map((_, index) => index + 1));
  expect(lines.at(-1)).toEqual({
    end: { position: events.length, hash: lines.at(-3)!.hash, keys: world.testApp.app.signedLog.keyRing.publicKeys },
  });
  expect(lines.at(-2)!.signed).toMatchObject({ kind: 'checkpoint', position: events.length, hash: lines.at(-3)!.hash });
  expect(await verify(reply.text)).toMatchObject({ found: 0, events: events.length, signedThrough: events.length });
});

test('that it was taken, by whom and from where on, is its last event', async () => {
  const head = await append(world.acme, 1);
  const reply = await take(`?after=${head}`, { ...bearer(world.acme.keys.admin), 'user-agent': 'curl/8' });
  expect(eventsOf(reply).at(-1)).toMatchObject({
    type: 'EVENTS.EXPORTED',
    data: { after: head, through: null },
    actorKind: 'api_key',
    userAgent: 'curl/8',
    source: 'api',
  });
});

test('it goes on from any position, and the parts are verified together', async () => {
  await append(world.acme, 20);
  const first = await take('?through=7');
  expect(eventsOf(first).at(-1)).toMatchObject({ position: 7 });
  const second = await take('?after=7&through=15');
  const rest = await take('?after=15');
  const check = await verify(first.text + second.text + rest.text);
  expect(check).toMatchObject({ found: 0, events: eventsOf(rest).at(-1).position });
  expect((await verify(first.text + rest.text)).found).toBeGreaterThan(0);
});

test('a part that is cut off says so, and is completed from its last event on', async () => {
  const { text } = await take();
  const half = text.slice(0, text.indexOf('\n', text.length / 2) + 1);
  const check = await verify(half);
  expect(check.findings.map(({ message }) => message)).toEqual([expect.stringContaining('the file was cut off')]);
  const rest = await take(`?after=${check.position}`);
  expect(await verify(half + rest.text)).toMatchObject({ found: 0 });
});

describe('who may take it', () => {
  test.each(['viewer', 'customer', 'member', 'manager'] as const)('not a %s, and the refusal is written down', async (role) => {
    const reply = await take('', bearer(world.acme.keys[role]));
    expect([reply.status, codesOf(reply)]).toEqual([403, ['FORBIDDEN']]);
    const denied = await sql(`SELECT data FROM events.events WHERE org_id = $1 AND type = 'ACCESS.DENIED' ORDER BY position DESC LIMIT 1`, world.acme.orgUuid);
    expect(JSON.stringify(denied)).toContain('/events/export');
  });

  test('not a key that may read events but not the audit', async () => {
    const { app } = world.testApp;
    const owner = await app.services.auth.authenticate(world.acme.keys.owner, null);
    const { secret } = await runInScope(createScope({ orgId: world.acme.orgUuid, userId: owner.userId }), () =>
      app.services.apiKeys.create(app.serviceContext(owner), { name: 'Reader', scopes: ['event:read'] }),
    );
    expect(codesOf(await take('', bearer(secret!)))).toEqual(['FORBIDDEN']);
  });

  test('nobody without a key, or with a wrong one, or who has chosen no organization', async () => {
    expect(await take('', {})).toMatchObject({ status: 401 });
    expect(codesOf(await take('', bearer('tk_wrong')))).toEqual(['UNAUTHENTICATED']);
    const operator = bearer(world.operator.token);
    expect(codesOf(await take('', operator))).toEqual(['TENANT_CONTEXT_REQUIRED']);
    const chosen = await take('?through=3', { ...operator, 'x-organization-id': world.globex.organizationId });
    expect(eventsOf(chosen)).toMatchObject([{ organization: world.globex.orgUuid }, {}, {}]);
  });

  test('a person by the cookie of a session, for a page of this server only', async () => {
    const cookie = `tenantry_access=${await signIn(world.testApp.app, world.acme.email('owner'))}`;
    expect(await take('?through=3', { cookie, 'sec-fetch-site': 'same-origin' })).toMatchObject({ status: 200 });
    expect(await take('?through=3', { cookie, 'sec-fetch-site': 'cross-site' })).toMatchObject({ status: 401 });
  });

  test('only the own log: nothing of another organization is in it', async () => {
    await append(world.globex, 5, 'Of the other one');
    const acme = eventsOf(await take());
    const globex = eventsOf(await take('', bearer(world.globex.keys.owner)));
    expect(new Set(acme.map(({ organization }) => organization as string))).toEqual(new Set([world.acme.orgUuid]));
    expect(new Set(globex.map(({ organization }) => organization as string))).toEqual(new Set([world.globex.orgUuid]));
    expect(JSON.stringify(acme)).not.toContain('Of the other one');
    expect(OPERATOR_PERMISSIONS).toContain('audit:read');
  });
});

describe('what is no part of a log is refused before anything is written down', () => {
  test.each([
    ['?after=-1', 'VALIDATION_FAILED'],
    ['?after=a', 'VALIDATION_FAILED'],
    ['?after=1e3', 'VALIDATION_FAILED'],
    ['?after=99999999', 'VALIDATION_FAILED'],
    ['?after=5&through=5', 'VALIDATION_FAILED'],
    ['?after=1&after=2', 'BAD_REQUEST'],
    ['?through=9&after=1&through=9', 'BAD_REQUEST'],
  ])('%s', async (query, code) => {
    const before = await sql('SELECT position FROM events.heads WHERE org_id = $1', world.acme.orgUuid);
    const reply = await take(query);
    expect([reply.status, codesOf(reply)]).toEqual([400, [code]]);
    expect(await sql('SELECT position FROM events.heads WHERE org_id = $1', world.acme.orgUuid)).toEqual(before);
  });

  test('another method', async () => {
    const reply = await take('', bearer(world.acme.keys.owner), { method: 'POST' });
    expect([reply.status, reply.headers.allow]).toEqual([405, 'GET']);
  });
});

test('it is compressed for whoever takes that, and never for a cookie', async () => {
  const accept = { ...bearer(world.acme.keys.owner), 'accept-encoding': 'gzip' };
  const response = await open('?through=30', accept);
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  expect(response.headers['content-encoding']).toBe('gzip');
  expect(await verify(gunzipSync(Buffer.concat(chunks)).toString())).toMatchObject({ found: 0, events: 30 });
  const cookie = `tenantry_access=${await signIn(world.testApp.app, world.acme.email('owner'))}`;
  expect((await take('?through=3', { cookie, 'accept-encoding': 'gzip' })).headers['content-encoding']).toBeUndefined();
  expect((await take('?through=3', { ...accept, 'accept-encoding': 'gzip;q=0' })).headers['content-encoding']).toBeUndefined();
});

test('the public keys are told to everybody', async () => {
  const reply = await send(`${origin}/.well-known/tenantry-audit-keys.json`, { method: 'GET' });
  const { keyRing } = world.testApp.app.signedLog;
  expect([reply.status, reply.json]).toEqual([200, { keys: keyRing.publicKeys }]);
});
