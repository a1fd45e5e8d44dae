import { existsSync, globSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { describeVariables } from '../../src/config/index.ts';
import { variables } from '../../src/config/variables.ts';
import { ORGANIZATION_ROLES, PERMISSIONS, ROLE_PERMISSIONS } from '../../src/kernel/permissions.ts';
import { blockNames, blockOf, project, readDocument, tableOf } from './blocks.ts';

const readme = readDocument('README.md');
const documents = ['README.md', 'SECURITY.md', 'deploy/README.md', ...globSync('docs/**/*.md', { cwd: project })];

describe('README', () => {
  test.each(blockNames(readme, 'file'))('shows %s as it is', (file) => {
    expect(blockOf(readme, 'file', file)).toBe(readDocument(file));
  });

  test('lists every variable with its default and meaning', () => {
    const shown = (name: string, fallback: string) => {
      const { defaultInWords } = variables[name as keyof typeof variables] as { defaultInWords?: string };
      return defaultInWords ?? (fallback === '' ? 'none' : `\`${fallback}\``);
    };
    const rows = describeVariables().map((row) => `| \`${row.name}\` | ${shown(row.name, row.default)} | ${row.description} |`);
    expect(tableOf(readme, 'variables')).toEqual(['| Variable | Default | Meaning |', '|---|---|---|', ...rows]);
  });

  test('says what each role may do', () => {
    const roles = ORGANIZATION_ROLES.toReversed();
    const rows = PERMISSIONS.filter((permission) => permission !== 'platform:admin').map((permission) => {
      const cells = roles.map((role) => (ROLE_PERMISSIONS[role].includes(permission) ? 'yes' : ''));
      return `| \`${permission}\` | ${cells.join(' | ')} |`;
    });
    expect(tableOf(readme, 'roles').slice(2)).toEqual(rows);
    expect(tableOf(readme, 'roles')[0]).toBe(`| | ${roles.join(' | ')} |`);
  });

  test('names scripts that exist', () => {
    const { scripts } = JSON.parse(readDocument('package.json')) as { scripts: Record<string, string> };
    const named = [...readme.matchAll(/npm (?:run )?([a-z:-]+)\b(?! that)/g)].map(([, name]) => name as string);
    const known = new Set([...Object.keys(scripts), 'ci', 'installs', 'runs']);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

test.each(documents)('%s links to what exists', (name) => {
  const text = readDocument(name);
  const links = [...text.matchAll(/\]\((?!https?:)([^)#]+)/g)].map(([, link]) => path.join(path.dirname(name), link as string));
  expect(links.filter((link) => !existsSync(path.join(project, link)))).toEqual([]);
});

test.each(documents)('%s names files that exist', (name) => {
  const paths = [...readDocument(name).matchAll(/`((?:src|test|prisma|docs|deploy|examples|scripts|bench)\/[\w./-]+)`/g)];
  // What the reader makes: the type of the guide, and the file with the secrets.
  const named = paths.map(([, file]) => file as string).filter((file) => !file.includes('label') && !file.endsWith('.env'));
  expect(named.filter((file) => !existsSync(path.join(project, file)))).toEqual([]);
});
