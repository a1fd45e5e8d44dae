import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { OperatorError } from '../../src/kernel/operator-error.ts';
import { createKeyRing } from '../../src/platform/chain/index.ts';
import { type AuditWorld, openAuditWorld } from './world.ts';

let world: AuditWorld;
beforeEach(async () => {
  world = await openAuditWorld();
  await world.append(10);
  await world.sign();
  await world.append(10, world.a, { aggregate: { type: 'Note', id: world.a.workflowIds[0]! }, causationId: 'a cause' });
  await world.sign();
  await world.append(5);
});
afterEach(() => world.close());

const verify = (...argv: string[]) => world.verify(['--organization', 'tenant-1', ...argv]);
const ofA = "org_id = '$A'";
const tamper = (text: string, ...values: unknown[]) => world.tamper(text.replaceAll(ofA, `org_id = '${world.a.orgId}'`), ...values);

describe('a log that nobody touched', () => {
  test('is whole, alone and with all others, from the beginning and from the last checkpoint', async () => {
    await world.append(3, world.b);
    const { isWhole, text } = await world.verify();
    expect(isWhole).toBe(true);
    expect(text).toMatch(/^tenant-1: whole: 25 events from position 1 to 25, signed up to position 20 \(.+\), 5 not yet\.$/m);
    expect(text).toMatch(/^tenant-2: whole: 3 events from position 1 to 3, never signed\.$/m);
    const since = await verify('--since-checkpoint');
    expect(since).toMatchObject({ isWhole: true, text: expect.stringContaining('5 events from position 21 to 25') as string });
  });

  test('is not whole in the strict sense as long as something is not signed', async () => {
    expect(await verify('--strict')).toMatchObject({ isWhole: false, text: expect.stringContaining('what comes after position 20 is not signed') as string });
    await world.sign();
    expect(await verify('--strict')).toMatchObject({ isWhole: true });
  });

  test('is whole whatever its events hold', async () => {
    const { as, store, a } = world;
    const origin = { ip: '2001:db8::1', userAgent: 'A "browser" \u2028 \\ 😀', correlationId: 'request-1' };
    const data = { n: 1e21, f: 0.1, deep: [{ z: 1, a: [null, true] }], text: 'línea\n\t"\\' };
    await as(a, (cx) => store.append({ ...cx, origin }, [{ type: 'NOTE.ODD', data, metadata: { b: 1, a: 2 }, tags: ['ünï', 'a"b'] }]));
    await Promise.all(Array.from({ length: 40 }, (_, index) => as(a, (cx) => store.append(cx, [{ type: 'NOTE.MANY', data: { index } }]))));
    await world.sign();
    expect(await verify('--strict')).toMatchObject({ isWhole: true });
  });
});

const other = '00000000-0000-7000-8000-000000000000';

/** Every column that is under the hash, and what one bit of it could be turned into. */
const FLIPS: readonly (readonly [column: string, value: string])[] = [
  ['id', `'${other}'`],
  ['type', `'NOTE.WRITTEM'`],
  ['aggregate_type', `'Nota'`],
  ['aggregate_id', `'${other}'`],
  ['aggregate_version', '99'],
  ['data', `jsonb_set(data, '{price}', '1.50')`],
  ['metadata', `'{"a": 1}'`],
  ['tags', `array_append(tags, 'more')`],
  ['actor_kind', `'api_key'`],
  ['actor_user_id', `'${other}'`],
  ['actor_membership_id', `'${other}'`],
  ['actor_credential_id', `'${other}'`],
  ['correlation_id', `'request-2'`],
  ['causation_id', `'another cause'`],
  ['source', `'cli'`],
  ['ip', `'192.0.2.1/24'`],
  ['user_agent', `'Another'`],
  ['created_at', `created_at + interval '1 millisecond'`],
  ['hash', `set_byte(hash, 7, get_byte(hash, 7) # 1)`],
];

describe('what was changed is found, with its position', () => {
  test.each(FLIPS)('one value of the column %s', async (column, value) => {
    await tamper(`UPDATE events.events SET ${column} = ${value} WHERE ${ofA} AND position = 15`);
    const { isWhole, text } = await verify();
    expect(isWhole).toBe(false);
    expect(text).toContain('tenant-1: BROKEN');
    expect(text).toContain('the event at position 15 was changed');
  });

  test('every column of an event is under its hash, or is the hash', async () => {
    const columns = await world.sql(
      `SELECT attname FROM pg_attribute WHERE attrelid = 'events.events'::regclass AND attnum > 0 AND NOT attisdropped`,
    );
    const known = [...FLIPS.map(([column]) => column), 'org_id', 'position'];
    expect(columns.map(({ attname }) => attname as string).sort()).toEqual(known.sort());
  });

  test('an event that was taken out of the middle', async () => {
    await tamper(`DELETE FROM events.events WHERE ${ofA} AND position = 7; DELETE FROM events.event_tags WHERE ${ofA} AND position = 7`);
    expect(await verify()).toMatchObject({ isWhole: false, text: expect.stringContaining('the event at position 7 is missing') as string });
  });

  test('an event that was taken out, with those behind it moved up', async () => {
    await tamper(`DELETE FROM events.events WHERE ${ofA} AND position = 7;
      UPDATE events.events SET position = position - 1 WHERE ${ofA} AND position > 7; UPDATE events.heads SET position = 24 WHERE ${ofA}`);
    expect((await verify()).text).toContain('the event at position 7 was changed');
  });

  test('an end that was cut off, with the head set back', async () => {
    await tamper(`DELETE FROM events.events WHERE ${ofA} AND position > 18; DELETE FROM events.event_tags WHERE ${ofA} AND position > 18;
      UPDATE events.heads SET position = 18, hash = (SELECT e.hash FROM events.events e WHERE e.${ofA} AND e.position = 18) WHERE ${ofA}`);
    const { isWhole, text } = await verify();
    expect(isWhole).toBe(false);
    expect(text).toContain('the end of the log is missing: position 20 was signed, and the last event is at 18');
  });

  test('an end that was cut off after the last checkpoint, unless the head was set back too', async () => {
    await tamper(`DELETE FROM events.events WHERE ${ofA} AND position > 23`);
    expect((await verify()).text).toContain('the head of the log says position 25, and the last event is at 23');
  });

  test('the whole log', async () => {
    await tamper(`DELETE FROM events.events WHERE ${ofA}; DELETE FROM events.event_tags WHERE ${ofA}; UPDATE events.heads SET position = 0 WHERE ${ofA}`);
    expect((await verify()).text).toContain('the end of the log is missing');
  });

  test('two events that have changed places', async () => {
    await tamper(`UPDATE events.events SET position = CASE position WHEN 5 THEN -6 ELSE -5 END WHERE ${ofA} AND position IN (5, 6);
      UPDATE events.events SET position = -position WHERE ${ofA} AND position < 0`);
    const { text } = await verify();
    expect(text).toContain('the event at position 5 was changed');
    expect(text).toContain('the event at position 6 was changed');
  });

  test('a tag that was taken away, given, or given to another type', async () => {
    await tamper(`DELETE FROM events.event_tags WHERE ${ofA} AND position = 3 AND tag = 'notes'`);
    expect((await verify()).text).toContain('the event at position 3 is not found by its tag "notes"');
    await tamper(`INSERT INTO events.event_tags SELECT org_id, 'forged', position, type, created_at FROM events.events WHERE ${ofA} AND position = 4`);
    expect((await verify()).text).toContain('the event at position 4 is found by the tag "forged", and has no such tag');
    await tamper(`UPDATE events.event_tags SET type = 'NOTE.FORGED' WHERE ${ofA} AND position = 22 AND tag = 'notes'`);
    expect((await verify('--since-checkpoint')).text).toContain('the event at position 22 is not found by its tag "notes"');
  });
});

/** What somebody does who knows how the chain is made: changes an event and reckons all hashes behind it anew. */
const FORGE = `
  DECLARE e events.events; h bytea; BEGIN
    UPDATE events.events SET data = '{"text": "forged"}' WHERE org_id = $1 AND position = $2::int;
    SELECT hash INTO h FROM events.events WHERE org_id = $1 AND position = $2::int - 1;
    FOR e IN SELECT * FROM events.events WHERE org_id = $1 AND position >= $2::int ORDER BY position LOOP
      h := sha256(h || convert_to(events.body(e), 'UTF8'));
      UPDATE events.events SET hash = h WHERE org_id = e.org_id AND position = e.position;
    END LOOP;
    UPDATE events.heads SET hash = h WHERE org_id = $1;
  END`;

describe('a chain that was reckoned anew', () => {
  beforeEach(() => world.tamper(FORGE, world.a.orgId, 12));

  test('contradicts what was signed', async () => {
    const { isWhole, text } = await verify();
    expect(isWhole).toBe(false);
    expect(text).toContain('the checkpoint at position 20 was signed over another hash: the log was changed after position 10');
    expect(text).not.toContain('was changed:');
  });

  test('is found from the last checkpoint on, too', async () => {
    expect((await verify('--since-checkpoint')).text).toContain('the event at position 20 is not the one that the checkpoint there was signed over');
  });

  test('is never signed by the server', async () => {
    await expect(world.sign()).rejects.toThrow('is broken, and nothing of it is signed');
    expect(await world.sql('SELECT count(*)::int FROM events.checkpoints WHERE org_id = $1', world.a.orgId)).toEqual([{ count: 2 }]);
  });

  test('with a checkpoint that was changed to fit has a wrong signature', async () => {
    await tamper(`UPDATE events.checkpoints c SET hash = (SELECT e.hash FROM events.events e WHERE (e.org_id, e.position) = (c.org_id, c.position)) WHERE ${ofA}`);
    expect((await verify()).text).toContain('the signature of the checkpoint at position 20 is wrong');
  });

  test('with a checkpoint that somebody else signed has a key that nobody knows', async () => {
    await tamper(`DELETE FROM events.checkpoints WHERE ${ofA} AND position > 10`);
    const stranger = createKeyRing(randomBytes(32));
    const signed = createKeyRing(randomBytes(32));
    expect(stranger.keyId).not.toBe(signed.keyId);
    await world.tamper(`INSERT INTO events.checkpoints SELECT org_id, position, hash, '${stranger.keyId}', hash || hash, created_at FROM events.events WHERE org_id = $1 AND position = 20`, world.a.orgId);
    expect((await verify()).text).toContain(`was signed by the key ${stranger.keyId}, which is not known here`);
  });
});

describe('what the log is read and guarded by is held against the migrations', () => {
  test('a function that tells of a changed event what it was before', async () => {
    const [before] = await world.sql(`SELECT events.body(e) AS body FROM events.events e WHERE org_id = $1 AND position = 5`, world.a.orgId);
    await tamper(`UPDATE events.events SET data = '{"text": "forged"}' WHERE ${ofA} AND position = 5`);
    await world.sql(`ALTER FUNCTION events.body(events.events) RENAME TO real_body`);
    await world.sql(`CREATE FUNCTION events.body(e events.events) RETURNS text LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
      BEGIN RETURN CASE WHEN e.position = 5 THEN convert_from('\\x${Buffer.from(before!['body'] as string).toString('hex')}', 'UTF8') ELSE events.real_body(e) END; END $$`);
    await world.sql('GRANT EXECUTE ON FUNCTION events.real_body(events.events) TO tenantry_runtime');
    const { isWhole, text } = await verify();
    // What is asked for by that function cannot be told from what it was.
    expect(text).toContain('tenant-1: whole');
    expect(text).toContain('the function events.body is not that of the migrations');
    expect(text).toContain('the function events.real_body is none of the migrations');
    expect(isWhole).toBe(false);
  });

  test.each([
    ['ALTER TABLE events.events DISABLE TRIGGER refuse_change', 'the trigger refuse_change of events.events is not that of the migrations'],
    ['ALTER TABLE events.events ENABLE REPLICA TRIGGER refuse_change', 'the trigger refuse_change of events.events is not'],
    ['DROP TRIGGER refuse_unarchived ON events.event_tags', 'the trigger refuse_unarchived of events.event_tags is missing'],
    ['CREATE TRIGGER more BEFORE INSERT ON events.events FOR EACH ROW EXECUTE FUNCTION events.refuse_change()', 'the trigger more of events.events is none of'],
    [`CREATE OR REPLACE TRIGGER refuse_change BEFORE DELETE OR TRUNCATE ON events.checkpoints EXECUTE FUNCTION events.refuse_change()`, 'the trigger refuse_change of events.checkpoints is not'],
    ['ALTER FUNCTION events.find_unsigned(bigint, interval) OWNER TO tenantry_owner', 'the function events.find_unsigned is not'],
    ['ALTER FUNCTION events.read_chain(bigint, bigint, bigint) SET search_path = public', 'the function events.read_chain is not'],
    ['ALTER FUNCTION events.read_chain(bigint, bigint, bigint) SET search_path = pg_catalog', 'the function events.read_chain is not'],
    ['ALTER FUNCTION app.current_org_id() SECURITY DEFINER', 'the function app.current_org_id is not'],
    ['CREATE POLICY hide ON events.checkpoints AS RESTRICTIVE FOR SELECT TO tenantry_runtime USING (position <> 20)', 'the policy hide of events.checkpoints is none of'],
    ['ALTER POLICY tenant ON events.event_tags USING (org_id = (SELECT app.current_org_id()) AND position <> 3)', 'the policy tenant of events.event_tags is not'],
    ['CREATE RULE quiet AS ON INSERT TO events.event_tags DO INSTEAD NOTHING', 'the table events.event_tags is not'],
    ['CREATE VIEW events.other AS SELECT 1', 'the table events.other is none of'],
    ['ALTER TABLE events.heads NO FORCE ROW LEVEL SECURITY', 'the table events.heads is not'],
  ])('%s', async (change, finding) => {
    await world.sql(change);
    const { isWhole, text } = await verify();
    expect(isWhole).toBe(false);
    expect(text).toContain(finding);
    expect(text.match(/^ {2}the (function|trigger|policy|table) /gm)).toHaveLength(1);
  });
});

describe('a log that was taken away as a whole', () => {
  const removal = ['events', 'event_tags', 'checkpoints', 'heads'].map((table) => `DELETE FROM events.${table} WHERE ${ofA}`).join(';');
  beforeEach(async () => {
    await world.append(1, world.b);
    await world.sign(world.b);
    await tamper(removal);
  });

  test('is missed, and a fault in the strict sense', async () => {
    const { isWhole, text } = await world.verify();
    expect([isWhole, text]).toEqual([true, expect.stringContaining('tenant-1: NO LOG: nothing was ever recorded, or all of it was taken away') as string]);
    const strict = await world.verify(['--strict']);
    expect([strict.isWhole, strict.text]).toEqual([false, expect.stringContaining('there is no log') as string]);
    expect(strict.text).toContain('tenant-2: whole');
    expect(await verify('--strict')).toMatchObject({ isWhole: false });
  });

  test('is a fault for whoever has kept a checkpoint of it', async () => {
    const { isWhole, text } = await verify('--checkpoint', `20:${'ab'.repeat(32)}`);
    expect(isWhole).toBe(false);
    expect(text).toContain('the checkpoint that was kept cannot be compared with the log: position 20 is not in it');
  });
});

describe('a checkpoint that was kept outside of the database', () => {
  const kept = async (position: number) => {
    const [row] = await world.sql(`SELECT encode(hash, 'hex') AS hash FROM events.checkpoints WHERE org_id = $1 AND position = $2`, world.a.orgId, position);
    return `${position}:${row!['hash'] as string}`;
  };

  test('agrees with a log that nobody touched', async () => {
    expect(await verify('--checkpoint', await kept(10), '--checkpoint', await kept(20))).toMatchObject({ isWhole: true });
  });

  test('finds a log that was reckoned anew and whose checkpoints were taken away', async () => {
    const argv = ['--checkpoint', await kept(20)];
    await world.tamper(FORGE, world.a.orgId, 12);
    await tamper(`DELETE FROM events.checkpoints WHERE ${ofA} AND position = 20`);
    expect(await verify()).toMatchObject({ isWhole: true });
    const { isWhole, text } = await verify(...argv);
    expect([isWhole, text]).toEqual([false, expect.stringContaining('the checkpoint that was kept and the log differ at or before position 20') as string]);
  });

  test.each([['20'], ['20:abc'], [`0:${'ab'.repeat(32)}`], [`x:${'ab'.repeat(32)}`]])('is none when it is "%s"', async (text) => {
    await expect(verify('--checkpoint', text)).rejects.toThrow('it must be a position and a hash');
  });

  test('is of one log', async () => {
    await expect(world.verify(['--checkpoint', await kept(20)])).rejects.toThrow('name it with --organization');
  });
});

describe('keys', () => {
  test('are changed, and what the former one signed is still verified as long as it is named', async () => {
    const [first, second] = [randomBytes(32), randomBytes(32)];
    const former = createKeyRing(first);
    await world.append(1, world.b);
    await world.sign(world.b, former);
    await world.append(1, world.b);
    await world.sign(world.b, createKeyRing(second, [former.publicKeys[0]!.publicKey]));
    const argv = ['--organization', 'tenant-2', '--strict'];
    const environment = { AUDIT_SIGNING_KEY: second.toString('base64') };
    expect((await world.verify(argv, environment)).text).toContain(`was signed by the key ${former.keyId}, which is not known here`);
    const named = { ...environment, AUDIT_FORMER_KEYS: former.publicKeys[0]!.publicKey };
    expect(await world.verify(argv, named)).toMatchObject({ isWhole: true });
    expect((await world.verify(['--keys'], named)).text).toContain(`${former.keyId}  ${former.publicKeys[0]!.publicKey}`);
  });

  test('of two installations are different, and without a key of its own an installation always has the same', async () => {
    const keyIds = async (environment: Record<string, string>) => (await world.verify(['--keys'], environment)).text;
    expect(await keyIds({})).toBe(await keyIds({}));
    expect(await keyIds({})).not.toBe(await keyIds({ SECRET_KEY: 'another secret for tests, long enough too' }));
  });
});

describe('what cannot be verified is said in one line', () => {
  test.each([
    [['--organization', 'nobody'], 'There is no organization "nobody"'],
    [['--file', '/nowhere/export.jsonl'], 'cannot be read (ENOENT)'],
    [['--everything'], 'Write --help to see all options.'],
  ])('%j', async (argv, message) => {
    await expect(world.verify(argv)).rejects.toThrow(message);
  });

  test('a file whose first position is none, alone and beside the log', async () => {
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'tenantry-verify-')), 'forged.jsonl');
    const end = `{"end":{"position":-1e999,"hash":"${'ab'.repeat(32)}","keys":[]}}`;
    writeFileSync(file, `{"begin":{"format":"tenantry-log-1","organization":"${world.a.orgId}","after":-1e999,"hash":"${'ab'.repeat(32)}"}}\n${end}\n`);
    await expect(world.verify(['--file', file])).rejects.toThrow(OperatorError);
    await expect(verify('--file', file)).rejects.toThrow('is no export and no archive of a log');
    rmSync(path.dirname(file), { recursive: true });
  });

  test('a database of another version is none that the migrations of this one say anything of', async () => {
    await world.sql(`DELETE FROM app_meta.migration_files WHERE name LIKE '0006%'`);
    await expect(verify()).rejects.toThrow('The database lacks 1 migration (0006_events)');
  });

  test('names are told to the owner of the database alone, and an id is enough for the server', async () => {
    const environment = { MIGRATION_DATABASE_URL: '' };
    await expect(world.verify([], environment)).rejects.toThrow('MIGRATION_DATABASE_URL is missing');
    expect(await world.verify(['--organization', world.a.orgId], environment)).toMatchObject({ isWhole: true });
  });
});

test('several that sign at once leave one checkpoint', async () => {
  const positions = await Promise.all(Array.from({ length: 8 }, () => world.sign()));
  expect(new Set(positions)).toEqual(new Set([25]));
  expect(await world.sql('SELECT count(*)::int FROM events.checkpoints WHERE org_id = $1', world.a.orgId)).toEqual([{ count: 3 }]);
});
