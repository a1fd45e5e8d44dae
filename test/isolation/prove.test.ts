import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createFindings } from '../prove/isolation/attack/findings.ts';
import { forgetPlans, withStrike } from '../prove/isolation/attack/campaign.ts';
import type { Strike } from '../prove/isolation/attack/strike.ts';
import { attackCursors } from '../prove/isolation/attack/cursors.ts';
import { attackFilters } from '../prove/isolation/attack/filters.ts';
import { attackIds } from '../prove/isolation/attack/ids.ts';
import { attackReads } from '../prove/isolation/attack/reads.ts';
import type { PartContext } from '../prove/isolation/part.ts';
import { cases } from '../prove/isolation/parts/cases.ts';
import { oracles } from '../prove/isolation/parts/oracles.ts';
import { twinWorlds } from '../prove/isolation/parts/twin-worlds.ts';
import { walls } from '../prove/isolation/parts/walls.ts';
import { type Ask, LEAKS, plantField } from '../prove/isolation/planted.ts';
import { describeSchema } from '../prove/isolation/report.ts';
import { databaseBehind } from '../prove/isolation/worlds/realm.ts';

// The bounded form of `npm run prove:isolation`; the parts with real connections have tests of their own.
const bounded: PartContext = { effort: 'bounded', progress: () => undefined };
const LONGEST_MS = 240_000;
const ROOT_FIELDS_DEPTH = 3;

test.each([cases, oracles, walls, twinWorlds])('$name: $guarantee', { timeout: LONGEST_MS }, async (part) => {
  const { attacked, cases: tried, leaks } = await part.run(bounded);
  expect(leaks).toEqual([]);
  expect(attacked).toBeGreaterThan(0);
  expect(tried).toBeGreaterThan(0);
});

const REPORT = 'docs/isolation-report.md';

// That there is one is the concern of the documents that link to it.
test.skipIf(!existsSync(REPORT))('the committed report is about the schema as it is: npm run prove:isolation writes it anew', async () => {
  const [report, { hash }] = [await readFile(REPORT, 'utf8'), await describeSchema('schema.graphql')];
  expect(report).toContain(hash);
});

const askPastWalls: Ask = ({ services }, sql, values = []) =>
  withClient(databaseBehind(services).superuserUrl, (client) => client.query(sql, [...values]));

describe('a leak in a new field is found, though nobody wrote a test for it', () => {
  const found = new Set<string>();

  /** Only what was planted is attacked: the rest of the schema is attacked above. */
  const attack = async (strike: Strike): Promise<void> => {
    const planted: Strike = { ...strike, positions: strike.positions.filter(({ key }) => key.includes('.planted')) };
    await attackReads(planted, ROOT_FIELDS_DEPTH);
    await attackIds(planted);
    await attackFilters(planted);
    await attackCursors(planted);
  };

  beforeAll(async () => {
    const removals = Object.values(LEAKS).map(({ name, root, field }) => plantField(root, name, field(askPastWalls)));
    const findings = createFindings();
    forgetPlans();
    try {
      await withStrike({}, bounded, findings, attack);
    } finally {
      for (const remove of removals) remove();
      forgetPlans();
    }
    for (const { where } of findings.leaks) found.add(/planted\w+/.exec(where)?.[0] ?? where);
  }, LONGEST_MS);

  test.each(Object.entries(LEAKS))('%s', (_name, { name }) => {
    expect(found).toContain(name);
  });

  test('and nothing else is taken for one', () => {
    expect([...found].sort()).toEqual(Object.values(LEAKS).map(({ name }) => name).sort());
  });
});
