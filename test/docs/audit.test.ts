import { globSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { type AuditKind, isAuditType } from '../../src/domains/events/index.ts';
import { project, readDocument, tableOf } from './blocks.ts';

const isKind = (value: unknown): value is AuditKind => typeof value === 'object' && value !== null && 'type' in value && 'when' in value;

/** What every domain declares that it writes down. */
async function declaredKinds(): Promise<AuditKind[]> {
  const files = globSync('src/domains/*/events.ts', { cwd: project }).sort();
  const modules = await Promise.all(files.map((file) => import(path.join(project, file)) as Promise<Record<string, object>>));
  return modules.flatMap((module) => Object.values(module).filter((exported) => typeof exported === 'object').flatMap((kinds) => Object.values(kinds).filter(isKind)));
}

test('docs/audit.md lists every event of the audit, and when it is written', async () => {
  const kinds = await declaredKinds();
  expect(kinds.length).toBeGreaterThan(20);
  const rows = kinds.map(({ type, when }) => `| \`${type}\` | ${when} |`).sort();
  expect(tableOf(readDocument('docs/audit.md'), 'audit').slice(2)).toEqual(rows);
});

test('every event of the audit is declared once: whatever ends a key or an invitation, it is written down in one form', async () => {
  const types = (await declaredKinds()).map(({ type }) => type);
  expect(types.filter((type, place) => types.indexOf(type) !== place)).toEqual([]);
});

test('every event of the audit has a noun that applications cannot take', async () => {
  expect((await declaredKinds()).filter(({ type }) => !isAuditType(type))).toEqual([]);
});
