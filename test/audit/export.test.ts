import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { OPERATOR_PERMISSIONS } from '../../src/kernel/permissions.ts';
import { runArchive } from '../../src/ops/archive/index.ts';
import { checkFile } from '../../src/platform/chain/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { bearer, codesOf, type Reply, send, type SendOptions } from '../http/door.ts';
import { type ServedWorld, serveWorld } from '../http/world.ts';
import { seedWorld, signIn, type World } from '../harness/world.ts';

let world: ServedWorld;
let origin: string;
let directory: string;
beforeAll(async () => {
  world = await serveWorld();
  origin = new URL(world.url).origin;
  directory = mkdtempSync(path.join(tmpdir(), 'tenantry-export-'));
  await append(world.acme, 5);
});
afterAll(async () => {
  rmSync(directory, { recursive: true });
  await world.close();
});

const sql = (text: string, ...values: unknown[]) =>
  withClient(world.testApp.database.superuserUrl, async (client) => (await client.query(text, values)).rows as Record<string, any>[]);

/** Appends as an application does; answers the last position. */
async function append({ orgUuid }: World, count: number, note = 'A note'): Promise<number> {
  const { app } = world.testApp;
  const events = Array.from({ length: count }, (_, index) => ({ type: 'NOTE.WRITTEN', data: { index, note }, tags: ['notes'] }));
  const appended = await runInScope(createScope({ orgId: orgUuid, userId: null }), () => app.events.append({ db: app.db, principal: null }, events));
  return appended.position;
}

const take = (query = '', headers: Record<string, string> = bearer(world.acme.keys.owner), options: SendOptions = {}): Promise<Reply> =>
  send(`${origin}/events/export${query}`, { method: 'GET', headers, ...options });

type Parsed = Record<'begin' | 'event' | 'signed' | 'end', any> & { readonly hash?: string };
const linesOf = ({ text }: { text: string }): Parsed[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Parsed);
const eventsOf = (reply: { text: string }) => linesOf(reply).flatMap(({ event }) => event ?? []);

/** What the verifier says of a text as a file; null when it is none. */
async function judge(text: string) {
  const file = path.join(directory, 'export.jsonl');
  writeFileSync(file, text);
  return (await checkFile(file, world.testApp.app.signedLog.keyRing))?.check ?? null;
}

const verify = async (text: string) => (await judge(text))!;

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

const CHANGES: readonly (readonly [string, (text: string) => string])[] = [
  ['a changed byte', (text) => text.replace('"A note"', '"A nota"')],
  ['a missing event', (text) => splice(text, () => [])],
  ['two events that have changed places', (text) => splice(text, (event, next) => [next, event], 2)],
  ['an event twice', (text) => splice(text, (event) => [event, event])],
  ['a changed hash', (text) => text.replace(/"hash":"(.)/g, (_, digit: string) => `"hash":"${digit === 'a' ? 'b' : 'a'}`)],
  ['a changed signature', (text) => text.replace(/"signature":"(.)/, (_, digit: string) => `"signature":"${digit === 'a' ? 'b' : 'a'}`)],
  ['a chain that was reckoned anew', forge],
  ['a range that a second beginning stands for', (text) => splice(text, (_event, next) => [beginAt(next)], 2)],
  ['a second part that was cut off behind a checkpoint', cutSecondPart],
  ['an end that names another position', (text) => text.replace(/"end":\{"position":(\d+)/, '"end":{"position":1$1')],
  ['a line that is none of an export', (text) => text.replace('{"end":', '{"more":1}\n{"end":')],
  ['no end', (text) => text.replace(/\{"end":.*\n/, '')],
  ['nothing but a beginning and an end', () => inventLog('0')],
  ['an event whose text names a member twice, and that was signed', (text) => forge(text, (body) => body.replace('"data" : {', '"data" : {"x": 1, "x": 2, '), resign)],
  ['an end that names its position twice', (text) => text.replace('{"end":{', '{"end":{"position":1,')],
  ['an end at a position with a fraction', (text) => text.replace(/("end":\{"position":\d+)/, '$1.0')],
  ['an empty line', (text) => text.replace('{"end":', '\n{"end":')],
];

/** Files whose first line is none already. */
const NO_BEGINNINGS: readonly (readonly [string, (text: string) => string])[] = [
  ...['-1e999', '1e999', '-18014398509481984', '-1', '1e0', '1.0', '01', '9007199254740993'].map(
    (position) => [`events at the position ${position}, signed by nobody`, () => inventLog(position)] as const,
  ),
  ['a beginning that names its position twice', (text) => text.replace('"after":0', '"after":9,"after":0')],
  ['a beginning at a position with a fraction', (text) => text.replace('"after":0', '"after":0.0')],
  ['a beginning whose hash is short', (text) => text.replace('0'.repeat(64), '0'.repeat(63))],
  ['nothing in it', () => ''],
];

test.each(CHANGES)('a file with %s is found out', async (_what, change) => {
  const { text } = await take('?after=0');
  expect(await verify(text)).toMatchObject({ found: 0 });
  expect((await verify(change(text))).found).toBeGreaterThan(0);
});

test.each(NO_BEGINNINGS)('a file with %s is none', async (_what, change) => {
  expect(await judge(change((await take('?after=0')).text))).toBeNull();
});

test('a beginning has zeros for its hash at the position 0, and nowhere else', async () => {
  const { text } = await take('?after=7&through=15');
  expect(await verify(text)).toMatchObject({ found: 0 });
  const refused = expect.arrayContaining([expect.objectContaining({ message: expect.stringContaining('cannot be that of a log') as string })]) as object;
  expect(await verify(text.replace(/("after":7,"hash":")[0-9a-f]{64}/, `$1${'0'.repeat(64)}`))).toMatchObject({ findings: refused });
  expect(await verify(text.replace('"after":7', '"after":0'))).toMatchObject({ findings: refused });
});

const program = path.resolve(import.meta.dirname, '../../examples/verify-export.mjs');
/** The program of the documentation, as it is written there. */
const snippet = /```python\n([^]+?)```/.exec(readFileSync(path.resolve(import.meta.dirname, '../../docs/audit-export.md'), 'utf8'))![1]!;
const CUSTOMERS = {
  'Node.js': (file: string, ...keys: string[]) => spawnSync(process.execPath, [program, file, ...keys.flatMap((key) => ['--key', key])], { encoding: 'utf8' }),
  Python: (file: string, ...keys: string[]) => spawnSync('python3', ['-c', snippet, file, ...keys], { encoding: 'utf8' }),
};
const lacksPython = spawnSync('python3', ['-c', 'import cryptography']).status !== 0;

function runOn(text: string, run: (file: string) => ReturnType<(typeof CUSTOMERS)['Python']>) {
  const file = path.join(directory, 'customer.jsonl');
  writeFileSync(file, text);
  const { status, stdout, stderr } = run(file);
  return { status, output: stdout + stderr };
}

test.for(Object.entries(CUSTOMERS))('the program for customers in %s finds all of it out as well, and believes no other key', async ([language, run], { skip }) => {
  if (language === 'Python' && lacksPython) skip('python3 with the package "cryptography" is not here');
  const { publicKey } = world.testApp.app.signedLog.keyRing.publicKeys[0]!;
  const { text } = await take('?after=0');
  const judge = (changed: string, ...keys: string[]) => runOn(changed, (file) => run(file, ...keys));
  const whole = { status: 0, output: expect.stringMatching(new RegExp(`from position 1 to ${eventsOf({ text }).length}\\b`)) as string };
  expect(judge(text, publicKey)).toMatchObject(whole);
  const parts = [await take('?through=7'), await take('?after=7&through=15'), await take('?after=15')];
  expect(judge(parts.map((part) => part.text).join(''), publicKey)).toMatchObject({ status: 0 });
  for (const [what, change] of CHANGES) {
    expect([what, change(text) === text]).toEqual([what, false]);
    expect([what, judge(change(text), publicKey).status]).toEqual([what, 1]);
  }
  for (const [what, change] of NO_BEGINNINGS) {
    const { status, output } = judge(change(text), publicKey);
    expect([what, status, output]).toEqual([what, language === 'Python' ? 1 : 2, expect.stringMatching(/^(BROKEN|It could not be verified): .+\.?\n$/) as string]);
  }
  expect(judge(text.slice(0, text.length / 2), publicKey).status).not.toBe(0);
  const stranger = Buffer.alloc(32, 1).toString('base64');
  expect(judge(text, stranger)).toMatchObject({ status: 1, output: expect.stringContaining('which is not believed') as string });
  expect(judge(text, stranger, publicKey)).toMatchObject({ status: 0 });
  expect(judge('something else', publicKey).status).not.toBe(0);
});

test('the program for customers proves nothing by the keys that a file names itself', async () => {
  const { text } = await take('?after=0');
  const judged = runOn(text, (file) => CUSTOMERS['Node.js'](file));
  expect(judged).toMatchObject({ status: 2, output: expect.stringContaining('NOT PROVEN') as string });
  expect(judged.output).toContain(world.testApp.app.signedLog.keyRing.publicKeys[0]!.publicKey);
  expect(judged.output).not.toMatch(/^whole$/m);
});

test('the program for customers says where a file begins and ends, and finds less than was demanded', async () => {
  const { publicKey } = world.testApp.app.signedLog.keyRing.publicKeys[0]!;
  const { text } = await take('?after=5&through=15');
  const judge = (...argv: string[]) => runOn(text, (file) => spawnSync(process.execPath, [program, file, '--key', publicKey, ...argv], { encoding: 'utf8' }));
  expect(judge()).toMatchObject({ status: 0, output: expect.stringContaining('10 events from position 6 to 15, signed up to 15') as string });
  expect(judge('--from', '6', '--through', '15')).toMatchObject({ status: 0 });
  expect(judge('--from', '1')).toMatchObject({ status: 1, output: expect.stringContaining('it begins at position 6 and not at 1') as string });
  expect(judge('--through', '16')).toMatchObject({ status: 1, output: expect.stringContaining('it ends at position 15 and not at 16') as string });
  expect(judge('--through')).toMatchObject({ status: 2 });
});

/** A text whose second event, or that and the one behind it, is replaced. */
function splice(text: string, replace: (event: string, next: string) => string[], count = 1): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.includes('"position" : 2,'));
  return lines.toSpliced(at, count, ...replace(lines[at]!, lines[at + 1]!)).join('\n');
}

/** A line that says that a part goes on behind an event. */
function beginAt(line: string): string {
  const { hash, event } = JSON.parse(line) as Parsed;
  return JSON.stringify({ begin: { format: 'tenantry-log-1', organization: event.organization, after: event.position, hash } });
}

/** Two parts whose second one was cut off where it was signed, so that nothing but its last line is missing. */
function cutSecondPart(text: string): string {
  const lines = text.trimEnd().split('\n');
  const [first, last] = [lines.findIndex((line) => line.startsWith('{"signature"')), lines.findLastIndex((line) => line.startsWith('{"signature"'))];
  const event = lines[first - 1]!;
  const { position, hash } = (JSON.parse(lines[first]!) as Parsed).signed;
  const end = JSON.stringify({ end: { position, hash, keys: [] } });
  return [...lines.slice(0, first + 1), end, beginAt(event), ...lines.slice(first + 1, last + 1), ''].join('\n');
}

/** A file whose fifth event says something else, and whose hashes fit it. */
function forge(
  text: string,
  change = (body: string) => body.replace('"type" : "', '"type" : "X'),
  resigned: (signed: string, hash: string) => string = (line) => line,
): string {
  let hash = '0'.repeat(64);
  return text
    .split('\n')
    .map((line, index) => {
      if (line.startsWith('{"signature"')) return resigned(line, hash);
      if (!line.startsWith('{"hash"')) return line.replace(/("end".*"hash":")[0-9a-f]{64}/, `$1${hash}`);
      const said = line.slice(line.indexOf('"event":') + 8, -1);
      const body = index === 5 ? change(said) : said;
      hash = createHash('sha256').update(hash, 'hex').update(body).digest('hex');
      return `{"hash":"${hash}","event":${body}}`;
    })
    .join('\n');
}

/** The line of a checkpoint as the server itself would sign another hash. */
function resign(line: string, hash: string): string {
  const signed = JSON.stringify({ ...(JSON.parse(line) as Parsed).signed, hash });
  return `{"signature":"${world.testApp.app.signedLog.keyRing.sign(signed).toString('hex')}","signed":${signed}}`;
}

/** A file of somebody who has no key: it begins anywhere, and its chain is right. At 0 it has no events. */
function inventLog(position: string): string {
  const organization = world.acme.orgUuid;
  let hash = (position === '0' ? '0' : 'ab').repeat(64).slice(0, 64);
  const lines = [`{"begin":{"format":"tenantry-log-1","organization":"${organization}","after":${position},"hash":"${hash}"}}`];
  for (const type of position === '0' ? [] : ['MEMBER.REMOVED', 'FORGED.EVENT']) {
    const body = `{"organization" : "${organization}", "position" : ${position}, "id" : "01a2039d-0000-708a-9ed9-e45e8fbc0458", "type" : "${type}"}`;
    hash = createHash('sha256').update(hash, 'hex').update(body).digest('hex');
    lines.push(`{"hash":"${hash}","event":${body}}`);
  }
  return [...lines, `{"end":{"position":${position},"hash":"${hash}","keys":[]}}`, ''].join('\n');
}

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

const open = async (query: string, headers: Record<string, string> = bearer(world.acme.keys.owner)): Promise<IncomingMessage> => {
  const request = get(`${origin}/events/export${query}`, { headers, agent: false });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return response;
};

test('the public keys are told to everybody', async () => {
  const reply = await send(`${origin}/.well-known/tenantry-audit-keys.json`, { method: 'GET' });
  const { keyRing } = world.testApp.app.signedLog;
  expect([reply.status, reply.json]).toEqual([200, { keys: keyRing.publicKeys }]);
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
    await expect.poll(isStill, { timeout: 5_000 }).toBe(true);
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
