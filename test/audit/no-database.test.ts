import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { runArchive } from '../../src/ops/archive/index.ts';
import { runVerify } from '../../src/ops/audit/index.ts';

const directory = mkdtempSync(path.join(tmpdir(), 'tenantry-none-'));
afterAll(() => rmSync(directory, { recursive: true }));

const config = readConfig({ NODE_ENV: 'test', DATA_DIR: directory });
const output = { out: { write: () => true }, progress: { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream };

test.each<[string, () => Promise<unknown>]>([
  ['audit:verify', () => runVerify([], config, output)],
  ['events:archive', () => runArchive(['--organization', 'acme', '--before', '2030-01-01', '--to', path.join(directory, 'log.jsonl')], config, () => undefined)],
])('%s makes no database where there is none, and says which one to name', async (_command, run) => {
  await expect(run()).rejects.toThrow(`There is no database in ${directory}: give the DATA_DIR or the DATABASE_URL`);
  expect(existsSync(path.join(directory, 'postgres'))).toBe(false);
});
