import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { currentCluster } from '../harness/current-cluster.ts';
import { areas } from '../prove/mutants/areas.ts';
import { generateMutants } from '../prove/mutants/generate.ts';
import { areaOf } from '../prove/mutants/judge.ts';
import { type Change, nameChanges } from '../prove/mutants/mutant.ts';
import { guards } from '../prove/mutants/operators/guards.ts';
import { changesOf, type Operators } from '../prove/mutants/operators/syntax.ts';
import { tenant } from '../prove/mutants/operators/tenant.ts';
import { reasonOf, strayEquivalents } from '../prove/mutants/report.ts';
import { sampleOf } from '../prove/mutants/select.ts';
import * as sql from '../prove/mutants/sql/operators.ts';
import { sqlChangesOf } from '../prove/mutants/sql/statements.ts';
import { openWorkshop, type Workshop } from '../prove/mutants/workshop.ts';

/**
 * The bounded form of `npm run prove:mutants`: whether bugs can still be planted everywhere, and whether a few of them
 * are noticed. The whole proof takes the better part of an hour.
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

  test('what is excused is still among them', () => {
    expect(strayEquivalents(mutants)).toEqual([]);
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

  const sample = sampleOf(mutants.filter((mutant) => reasonOf(mutant) === undefined), SAMPLE_SIZE, '1');

  test.each(sample.map((mutant) => [mutant.area, mutant.name, mutant] as const))('%s: %s', { timeout: 300_000 }, async (_area, _name, mutant) => {
    expect(await workshop.try(mutant, areaOf(mutant))).toMatchObject({ fate: 'noticed' });
  });
});
