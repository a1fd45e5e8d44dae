import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventsOf, openExports, type Parsed } from './exports.ts';

// What is found out of a file that was changed or invented: by the product, and by the programs that customers run.

const exports = await openExports();
const { world, directory, append, take, judge, verify } = exports;
beforeAll(async () => {
  await append(world.acme, 30);
  // Signed on the way, so that a file has more than one signature.
  await take('?through=12');
});
afterAll(() => exports.close());

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
