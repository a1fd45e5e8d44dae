import { readFileSync } from 'node:fs';
import path from 'node:path';

export const project = path.resolve(import.meta.dirname, '../..');

export const readDocument = (name: string): string => readFileSync(path.join(project, name), 'utf8');

/** The text of the fenced block below the comment `<!-- kind: name -->`. Throws when there is none. */
export function blockOf(document: string, kind: string, name: string): string {
  const start = document.indexOf(`<!-- ${kind}: ${name} -->\n`);
  const fence = /^```\w*\n([\s\S]*?)^```$/m.exec(document.slice(start));
  if (start < 0 || !fence?.[1]) throw new Error(`There is no block "${kind}: ${name}".`);
  return fence[1];
}

/** The names of all blocks of one kind, in their order. */
export const blockNames = (document: string, kind: string): string[] =>
  [...document.matchAll(new RegExp(`<!-- ${kind}: (.+) -->`, 'g'))].map(([, name]) => name as string);

/** The lines of the table below the comment `<!-- table: name -->`. */
export function tableOf(document: string, name: string): string[] {
  const [, after = ''] = document.split(`<!-- table: ${name} -->\n`);
  return (after.split('\n\n')[0] ?? '').trim().split('\n');
}
