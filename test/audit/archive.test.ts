import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { EVERY_EVENT } from '../../src/domains/events/index.ts';
import { advanceMark } from '../../src/domains/events/marks.ts';
import { runArchive } from '../../src/ops/archive/index.ts';
import { verifyLog } from '../../src/ops/audit/verify-log.ts';
import { createKeyRing, signLog } from '../../src/platform/chain/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import type { TenantClient } from '../../src/platform/postgres/tenant-client.ts';
import { type AuditWorld, openAuditWorld } from './world.ts';

let world: AuditWorld;
let directory: string;
let file: string;
beforeEach(async () => {
  world = await openAuditWorld();
  directory = mkdtempSync(path.join(tmpdir(), 'tenantry-archive-'));
  file = path.join(directory, 'old.jsonl');
  const thing = { aggregate: { type: 'Note', id: world.a.workflowIds[0]! } };
  await world.append(10, world.a, thing);
  await world.append(5, world.b);
  await world.sign();
  await world.append(20, world.a);
  await age(30);
});
afterEach(async () => {
  rmSync(directory, { recursive: true });
  await world.close();
});

const LONG_AGO = '2020-01-01T00:00:00Z';

/** Makes the first events of the log old, and its chain and checkpoint fit: time passes in no other way in a test. */
async function age(through: number): Promise<void> {
  await world.tamper(
    `
    DECLARE e events.events; h bytea := decode(repeat('00', 32), 'hex'); BEGIN
      UPDATE events.events SET created_at = timestamptz '${LONG_AGO}' + position * interval '1 second' WHERE org_id = $1 AND position <= $2::int;
      UPDATE events.event_tags SET created_at = timestamptz '${LONG_AGO}' + position * interval '1 second' WHERE org_id = $1 AND position <= $2::int;
      FOR e IN SELECT * FROM events.events WHERE org_id = $1 ORDER BY position LOOP
        h := sha256(h || convert_to(events.body(e), 'UTF8'));
        UPDATE events.events SET hash = h WHERE org_id = e.org_id AND position = e.position;
      END LOOP;
      UPDATE events.heads SET hash = h WHERE org_id = $1;
      DELETE FROM events.checkpoints WHERE org_id = $1;
    END`,
    world.a.orgId,
    through,
  );
}

async function archive(argv: readonly string[] = [], environment: Record<string, string> = {}): Promise<string> {
  const lines: string[] = [];
  const usual = ['--organization', 'tenant-1', '--before', '2021-01-01', '--to', file];
  await runArchive([...usual, ...argv], readConfig({ ...world.environment, ...environment }), (line) => lines.push(line));
  return lines.join('\n');
}

const positions = async (orgId = world.a.orgId) => {
  const [row] = await world.sql('SELECT min(position)::int AS first, max(position)::int AS last, count(*)::int FROM events.events WHERE org_id = $1', orgId);
  return row;
};
const whole = { isWhole: true };

describe('an archive', () => {
  test('has the oldest events, verified, and they are in the log no more; what remains is verified from there', async () => {
    const told = await archive();
    expect(told).toContain('30 events, from position 1 to 30, are in');
    // The one that tells of it is the last.
    expect(await positions()).toEqual({ first: 31, last: 31, count: 1 });
    expect(await world.verify(['--organization', 'tenant-1'])).toMatchObject({
      ...whole,
      text: expect.stringContaining('1 events from position 31 to 31, signed up to position 30') as string,
    });
    const verified = await world.verify(['--file', file, '--organization', 'tenant-1']);
    expect(verified).toMatchObject({ ...whole, text: expect.stringContaining('30 events from position 1 to 30') as string });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(directory)).toEqual(['old.jsonl']);
  });

  test('is recorded with its checksum and length, and in the log itself', async () => {
    await archive();
    const checksum = createHash('sha256').update(readFileSync(file)).digest('hex');
    const [record] = await world.sql(`SELECT position::int, encode(checksum, 'hex') AS checksum, bytes::int FROM events.archives`);
    expect(record).toEqual({ position: 30, checksum, bytes: statSync(file).size });
    const { events } = await world.as(world.a, (cx) => world.store.read(cx, EVERY_EVENT));
    expect(events).toMatchObject([{ type: 'EVENTS.ARCHIVED', source: 'cli', data: { through: 30, checksum, bytes: statSync(file).size } }]);
  });

  test('follows the one before, and both together are verified as one', async () => {
    await archive(['--before', '2020-01-01T00:00:11Z']);
    expect(await positions()).toMatchObject({ first: 11 });
    const second = path.join(directory, 'newer.jsonl');
    await archive(['--to', second]);
    expect(await positions()).toMatchObject({ first: 31 });
    const both = path.join(directory, 'both.jsonl');
    writeFileSync(both, readFileSync(file, 'utf8') + readFileSync(second, 'utf8'));
    expect(await world.verify(['--file', both])).toMatchObject({ ...whole, text: expect.stringContaining('30 events from position 1 to 30') as string });
    expect(await world.verify(['--organization', 'tenant-1'])).toMatchObject(whole);
  });

  test('leaves other organizations, and what comes later, as they are', async () => {
    const before = await world.sql('SELECT e::text, t::text FROM events.events e JOIN events.event_tags t USING (org_id, position) WHERE org_id = $1 ORDER BY 1, 2', world.b.orgId);
    await archive(['--before', '2020-01-01T00:00:11Z']);
    expect(await world.sql('SELECT e::text, t::text FROM events.events e JOIN events.event_tags t USING (org_id, position) WHERE org_id = $1 ORDER BY 1, 2', world.b.orgId)).toEqual(before);
    expect(await positions()).toEqual({ first: 11, last: 31, count: 21 });
    expect(await world.sql('SELECT count(*)::int FROM events.event_tags WHERE org_id = $1 AND position <= 10', world.a.orgId)).toEqual([{ count: 0 }]);
  });

  test('lets positions, versions of things and the chain go on', async () => {
    await archive();
    const aggregate = { type: 'Note', id: world.a.workflowIds[0]! };
    const { events } = await world.as(world.a, (cx) => world.store.append(cx, [{ type: 'NOTE.CHANGED', aggregate }, { type: 'NOTE.CHANGED', aggregate }]));
    expect(events).toMatchObject([{ position: 32, aggregateVersion: 11 }, { position: 33, aggregateVersion: 12 }]);
    await world.sign();
    expect(await world.verify(['--organization', 'tenant-1', '--strict'])).toMatchObject(whole);
  });

  test('of a whole log leaves what tells of it', async () => {
    await archive(['--before', '2100-01-01']);
    expect(await positions()).toEqual({ first: 31, last: 31, count: 1 });
  });

  test('of nothing is none', async () => {
    expect(await archive(['--before', '2019-01-01'])).toContain('nothing was archived');
    expect(existsSync(file)).toBe(false);
  });

  test('can be tried without taking anything away', async () => {
    expect(await archive(['--dry-run'])).toContain('Nothing was taken away.');
    expect(await positions()).toEqual({ first: 1, last: 30, count: 30 });
    expect(await world.verify(['--file', file])).toMatchObject(whole);
  });
});

describe('a file of what was archived is held against what is kept of it', () => {
  const compare = () => world.verify(['--file', file, '--organization', 'tenant-1']);

  test('an archive byte by byte', async () => {
    await archive();
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('"keys":[', `"keys":[${JSON.stringify(createKeyRing(Buffer.alloc(32, 1)).publicKeys[0])},`));
    // What it says of the events is as it was.
    expect(await world.verify(['--file', file])).toMatchObject(whole);
    const { isWhole, text: told } = await compare();
    expect([isWhole, told]).toEqual([false, expect.stringContaining('the file is not the archive that was recorded up to position 30') as string]);
    writeFileSync(file, text);
    expect(await compare()).toMatchObject(whole);
  });

  test('the hash at its end', async () => {
    await archive();
    let hash = '0'.repeat(64);
    const forged = readFileSync(file, 'utf8')
      .split('\n')
      .map((line) => {
        if (!line.startsWith('{"hash":')) return line.replace(/("(?:signed|end)":\{.*"hash":")[0-9a-f]{64}/, `$1${hash}`);
        const body = line.slice(83, -1).replace('Note 3', 'Nota 3');
        hash = createHash('sha256').update(hash, 'hex').update(body).digest('hex');
        return `{"hash":"${hash}","event":${body}}`;
      });
    writeFileSync(file, forged.join('\n'));
    expect((await compare()).text).toContain('the file and the log differ at or before position 30: one of them was changed');
  });

  test('also an export that ends before the archive did, as long as its checkpoint is there', async () => {
    await archive(['--before', '2020-01-01T00:00:11Z', '--dry-run']);
    await archive(['--to', path.join(directory, 'archive.jsonl')]);
    expect(await compare()).toMatchObject(whole);
    await world.tamper(`UPDATE events.checkpoints SET signature = set_byte(signature, 0, get_byte(signature, 0) # 1) WHERE org_id = $1 AND position = 10`, world.a.orgId);
    const { isWhole, text } = await compare();
    expect(isWhole).toBe(false);
    expect(text).toContain('the file cannot be compared with the log: position 10 was archived, and no checkpoint that is validly signed is kept there');
  });
});

describe('what is archived while the log is read is no fault', () => {
  beforeEach(async () => {
    await world.append(60, world.a, { data: { text: 'x'.repeat(30_000) } });
    // Some pages of it.
    await age(70);
  });

  /** A client between whose first two pages of the chain an archive is made. */
  function archivedMeanwhile(db: TenantClient, before: string): TenantClient {
    let pages = 0;
    return new Proxy(db, {
      get(target, name) {
        if (name !== '$queryRaw') return Reflect.get(target, name) as unknown;
        return async (...args: Parameters<typeof db.$queryRaw>) => {
          if (JSON.stringify(args[0]).includes('read_chain') && (pages += 1) === 2) await archive(['--before', before]);
          return target.$queryRaw(...args);
        };
      },
    });
  }

  test.each([
    ['2021-01-01', 'some', 90],
    ['2100-01-01', 'all', undefined],
  ])('to who signs it, when what was before %s goes, %s of it', async (before, _much, position) => {
    const signed = await world.as(world.a, ({ db }) => signLog({ db: archivedMeanwhile(db, before), keys: world.keys, now: () => new Date() }));
    expect(signed?.statement.position).toBe(position);
    expect(await world.verify(['--organization', 'tenant-1'])).toMatchObject(whole);
  });

  test('to who verifies it', async () => {
    const verified = await world.as(world.a, ({ db }) =>
      verifyLog({
        db: archivedMeanwhile(db, '2021-01-01'),
        keys: world.keys,
        orgId: world.a.orgId,
        sinceCheckpoint: false,
        onTotal: () => undefined,
        onEvents: () => undefined,
      }),
    );
    expect(verified).toMatchObject({ after: 70, check: { found: 0, position: 91 } });
  });
});

describe('nothing is taken away', () => {
  const expectUntouched = async () => {
    expect(await positions()).toEqual({ first: 1, last: 30, count: 30 });
    expect(await world.sql('SELECT 1 FROM events.archives')).toEqual([]);
  };

  test('that a consumer has not come to', async () => {
    await world.as(world.a, (cx) => advanceMark(cx, 'mail', 29));
    await expect(archive()).rejects.toThrow('The consumer "mail" has come to position 29');
    await world.as(world.a, (cx) => advanceMark(cx, 'mail', 30));
    expect(await archive(['--dry-run'])).toContain('30 events');
    await expectUntouched();
  });

  test('of a log that was tampered with', async () => {
    await world.tamper(`UPDATE events.events SET data = '{}' WHERE org_id = $1 AND position = 5`, world.a.orgId);
    await expect(archive()).rejects.toThrow('is broken, and nothing of it is signed: the event at position 5 was changed');
    expect(existsSync(file)).toBe(false);
    await expectUntouched();
  });

  test('when the file is there already, or cannot be made', async () => {
    writeFileSync(file, 'something else');
    await expect(archive()).rejects.toThrow('is there already');
    expect(readFileSync(file, 'utf8')).toBe('something else');
    await expect(archive(['--to', path.join(directory, 'nowhere', 'a.jsonl')])).rejects.toThrow('is not there: make it');
    await expectUntouched();
  });

  test('without the role that owns the database, or for a wrong date or name', async () => {
    await expect(archive([], { MIGRATION_DATABASE_URL: '' })).rejects.toThrow('MIGRATION_DATABASE_URL is missing');
    await expect(archive(['--before', 'yesterday'])).rejects.toThrow('must be a date');
    await expect(archive(['--organization', 'nobody'])).rejects.toThrow('There is no organization');
    await expectUntouched();
  });
});

describe('the database takes nothing away but by an archive', () => {
  const asOwner = (text: string, ...values: unknown[]) =>
    withClient(world.database.ownerUrl, async (client) => {
      await client.query(`SELECT set_config('app.current_org_id', $1, false)`, [world.a.orgId]);
      return client.query(text, values);
    });
  const call = (position: number, hash = '00'.repeat(32)) =>
    asOwner(`SELECT events.archive($1, $2, $3, 1, '0123456789abcdef', $4, now())`, position, Buffer.from(hash, 'hex'), Buffer.alloc(32), Buffer.alloc(64));

  test('without a checkpoint, or with another hash than its', async () => {
    await expect(call(30)).rejects.toMatchObject({ code: 'DCB02', message: expect.stringContaining('no checkpoint covers') as string });
    await world.sign();
    await expect(call(30)).rejects.toMatchObject({ code: 'DCB02' });
    await expect(call(29)).rejects.toMatchObject({ code: 'DCB02' });
  });

  test('not for the server', async () => {
    const asServer = withClient(world.database.runtimeUrl, async (client) => {
      await client.query(`SELECT set_config('app.current_org_id', $1, false)`, [world.a.orgId]);
      await client.query(`SELECT events.archive(1, '', '', 1, '', '', now())`);
    });
    await expect(asServer).rejects.toMatchObject({ code: '42501' });
  });

  test('not even for a superuser who says that it is archived', async () => {
    for (const text of ['DELETE FROM events.events', 'DELETE FROM events.event_tags']) {
      const removal = withClient(world.database.superuserUrl, async (client) => {
        await client.query(`SET events.archiving = 'on'`);
        await client.query(text);
      });
      await expect(removal).rejects.toMatchObject({ code: 'DCB02', message: expect.stringContaining('what was not archived is not removed') as string });
    }
  });

  test('a removal that was recorded by somebody else has no valid signature', async () => {
    await world.sign();
    const [row] = await world.sql(`SELECT encode(hash, 'hex') AS hash FROM events.checkpoints WHERE org_id = $1 AND position = 30`, world.a.orgId);
    await call(30, row!['hash'] as string);
    expect(await positions()).toEqual({ first: 31, last: 31, count: 1 });
    const { isWhole, text } = await world.verify(['--organization', 'tenant-1']);
    expect(isWhole).toBe(false);
    expect(text).toContain('the archive at position 30 was signed by the key 0123456789abcdef, which is not known here');
  });

  test('a removal without a record is found', async () => {
    await world.tamper(`DELETE FROM events.events WHERE org_id = $1 AND position <= 5; DELETE FROM events.event_tags WHERE org_id = $1 AND position <= 5`, world.a.orgId);
    expect((await world.verify(['--organization', 'tenant-1'])).text).toContain('the events at the positions 1 to 5 are missing');
  });
});
