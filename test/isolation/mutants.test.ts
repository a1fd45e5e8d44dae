import { existsSync, globSync, readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentCluster } from '../harness/current-cluster.ts';
import { areas, notBroken } from '../prove/mutants/areas.ts';
import { generateMutants } from '../prove/mutants/generate.ts';
import { areaOf, type Judged } from '../prove/mutants/judge.ts';
import { type Change, type Mutant, nameChanges } from '../prove/mutants/mutant.ts';
import { guards } from '../prove/mutants/operators/guards.ts';
import { changesOf, type Operators } from '../prove/mutants/operators/syntax.ts';
import { tenant } from '../prove/mutants/operators/tenant.ts';
import { extentOf, reasonOf, strayEquivalents, tableOf, unneededEquivalents } from '../prove/mutants/report.ts';
import { sampleOf } from '../prove/mutants/select.ts';
import { hashOfTest } from '../prove/mutants/test-text.ts';
import * as sql from '../prove/mutants/sql/operators.ts';
import { sqlChangesOf } from '../prove/mutants/sql/statements.ts';
import { openWorkshop, type Workshop } from '../prove/mutants/workshop.ts';

/**
 * The bounded form of `npm run prove:mutants`: whether bugs can still be planted everywhere, and whether a few of them
 * are noticed. The whole proof takes hours.
 */
const ROOT = fileURLToPath(new URL('../../', import.meta.url));
const SAMPLE_SIZE = 7;

const mutants = generateMutants(ROOT);

describe('bugs are planted', () => {
  test('in every area, at least a hundred in all, each under a name of its own', () => {
    expect(mutants.length).toBeGreaterThanOrEqual(100);
    expect(areas.filter(({ name }) => !mutants.some(({ area }) => area === name))).toEqual([]);
    expect(new Set(mutants.map(({ name }) => name)).size).toBe(mutants.length);
  });

  test('from the sources as they are: a name stays the same wherever its line moves', () => {
    const source = 'if (id !== own) throw new Error();\nif (id !== own) throw new Error();\n';
    const names = (text: string) => nameChanges('area', 'file.ts', text, changesOf('file.ts', text, guards)).map(({ name }) => name);
    expect(names(`// moved\n\n${source}`)).toEqual(names(source));
    expect(new Set(names(source)).size).toBe(2);
  });

  test('and met by tests that exist', () => {
    const killers = areas.flatMap((area) => area.killers);
    expect(killers.filter((killer) => !existsSync(path.join(ROOT, killer)))).toEqual([]);
  });

  test('in every source that speaks of a tenant, or a reason says why not', () => {
    const sources = globSync('src/**/*.ts', { cwd: ROOT }).filter((file) => !file.endsWith('.test.ts'));
    const speaking = sources.filter((file) => /orgId|createScope|runInScope/.test(readFileSync(path.join(ROOT, file), 'utf8')));
    const reasons = Object.keys(notBroken);
    const isExcused = (file: string) => reasons.some((name) => (name.endsWith('/') ? file.startsWith(name) : file === name));
    const isCovered = (file: string) => areas.some(({ files }) => files.some((pattern) => path.matchesGlob(file, pattern)));
    expect(speaking.filter((file) => !isCovered(file) && !isExcused(file))).toEqual([]);
    expect(reasons.filter((name) => !speaking.some((file) => file.startsWith(name)))).toEqual([]);
  });

  test('what is excused is still among them', () => {
    expect(strayEquivalents(mutants)).toEqual([]);
  });
});

describe('a verdict', () => {
  const excused = mutants.find((mutant) => reasonOf(mutant) !== undefined)!;
  const [first, second] = mutants.filter((mutant) => reasonOf(mutant) === undefined) as [Mutant, Mutant];
  const noticed = (mutant: Mutant): Judged => ({ mutant, verdict: { fate: 'noticed', by: 'test/x.test.ts > x' } });

  test('of an excused one that a test notices means that the excuse is not needed', () => {
    expect(unneededEquivalents([noticed(first), noticed(excused)])).toEqual([excused]);
    expect(unneededEquivalents([{ mutant: excused, verdict: { fate: 'survived' } }])).toEqual([]);
  });

  test('that no test gave is counted apart', () => {
    const judged: Judged[] = [
      noticed(first),
      { mutant: second, verdict: { fate: 'stopped', how: 'it never came to an end' } },
      { mutant: second, verdict: { fate: 'noticed', by: 'test/x.test.ts > (before its first test)' } },
    ];
    const outcome = { sources: { fingerprint: 'f', commit: '`c`' }, generated: mutants, sample: { size: 4, seed: '7' }, judged };
    expect(tableOf(outcome).split('\n').at(-1)!.trim().split(/\s+/)).toEqual(['all', String(mutants.length), '3', '1', '2', '0', '0']);
    expect(extentOf(outcome)).toBe(
      `Part of a sample: 3 of the ${mutants.length} generated mutants were tried, out of 4 spread over the areas and chosen by the seed "7".`,
    );
  });

  test('holds as long as its test is the same, with what that imports', async () => {
    const directory = await mkdtemp(path.join(tmpdir(), `tenantry-test-${process.pid}-notes-`));
    const write = (name: string, text: string) => writeFile(path.join(directory, 'test', name), text);
    await mkdir(path.join(directory, 'test'));
    await write('one.test.ts', "import { two } from './two.ts';\ntwo();\n");
    await write('two.ts', "export * from './three.ts';\n");
    await write('three.ts', 'export const two = () => 1;\n');
    await write('other.ts', '');
    const before = hashOfTest(directory, 'test/one.test.ts');
    await write('other.ts', 'export {};\n');
    expect(hashOfTest(directory, 'test/one.test.ts')).toBe(before);
    await write('three.ts', 'export const two = () => 2;\n');
    expect(hashOfTest(directory, 'test/one.test.ts')).not.toBe(before);
    await rm(directory, { recursive: true });
  });
});

const apply = (text: string, changes: readonly Change[]) => changes.map(({ start, end, text: put }) => text.slice(0, start) + put + text.slice(end));
const typescript = (text: string, operators: Operators, only: string) =>
  apply(text, changesOf('file.ts', text, operators).filter(({ operator }) => operator === only));
const migration = (text: string, only: string) =>
  apply(text, sqlChangesOf(text, { ...sql.policies, ...sql.keys, ...sql.lookups }).filter(({ operator }) => operator === only));

describe('a way of breaking', () => {
  test('code changes one place and nothing else', () => {
    expect(typescript('find({ where: { orgId, id } });', tenant, 'drop id')).toEqual(['find({ where: { id } });']);
    expect(typescript('key = `#{orgId}:x`;'.replace('#', '$'), tenant, 'drop key part')).toEqual(['key = `:x`;']);
    expect(typescript('if (row.orgId !== orgId) throw other();', tenant, 'compare with itself')).toEqual([
      'if (row.orgId !== row.orgId) throw other();',
    ]);
    expect(typescript('if (a) throw b; if (c) d();', guards, 'drop guard')).toEqual(['{} if (c) d();']);
  });

  test('SQL changes one statement and leaves comments and texts alone', () => {
    const policy = "-- one; two\nCREATE POLICY tenant ON t TO tenantry_runtime\n  USING (org_id = (SELECT app.current_org_id())) WITH CHECK (org_id = (SELECT app.current_org_id()));";
    expect(migration(policy, 'drop policy')).toEqual(['-- one; two\n']);
    expect(migration(policy, 'see everything')).toEqual([policy.replace('USING (org_id = (SELECT app.current_org_id()))', 'USING (true)')]);
    const table = 'CREATE TABLE a.b (\n  FOREIGN KEY (org_id, c_id) REFERENCES a.c (org_id, id) ON DELETE CASCADE\n);';
    expect(migration(table, 'foreign key without tenant')).toEqual([
      'CREATE UNIQUE INDEX ON a.c (id);\nCREATE TABLE a.b (\n  FOREIGN KEY (c_id) REFERENCES a.c (id) ON DELETE CASCADE\n);',
    ]);
  });
});

describe('a planted bug is noticed by the tests of its wall', () => {
  let workshop: Workshop;
  beforeAll(async () => {
    workshop = await openWorkshop(ROOT, currentCluster());
  });
  afterAll(() => workshop?.close());

  // The same few each time, so that a run says something about the code and not about its luck; the others are tried by
  // the whole proof, and `--seed` draws other samples.
  const sample = sampleOf(mutants.filter((mutant) => reasonOf(mutant) === undefined), SAMPLE_SIZE, '1');

  test.each(sample.map((mutant) => [mutant.area, mutant.name, mutant] as const))('%s: %s', { timeout: 300_000 }, async (_area, _name, mutant) => {
    expect(await workshop.try(mutant, areaOf(mutant))).toMatchObject({ fate: 'noticed' });
  });
});
