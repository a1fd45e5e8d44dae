import type { Change } from '../mutant.ts';

/** One statement of a migration, where it stands in the file. */
export interface Statement {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** What can become of one statement: the changes within it, counted from its own beginning, without their name. */
export type SqlOperator = (statement: Statement) => readonly Omit<Change, 'operator'>[];
export type SqlOperators = Readonly<Record<string, SqlOperator>>;

// A comment, a text in dollars, a text in quotes, or the end of a statement.
const TOKEN = /--[^\n]*|\$\$[\s\S]*?\$\$|'(?:[^']|'')*'|;/g;

/** The statements of a file, without the comments before them. */
export function statementsOf(sql: string): Statement[] {
  const ends = [...sql.matchAll(TOKEN)].filter(([token]) => token === ';').map(({ index }) => index + 1);
  return ends.map((end, index) => {
    const from = ends[index - 1] ?? 0;
    const lead = /^(\s|--[^\n]*\n)*/.exec(sql.slice(from, end))![0].length;
    return { start: from + lead, end, text: sql.slice(from + lead, end) };
  });
}

/** Replaces every place of a statement that the pattern finds; `$1` and the like stand for the groups. */
export const wherever = (only: RegExp, pattern: RegExp, text: string): SqlOperator => (statement) =>
  only.test(statement.text)
    ? [...statement.text.matchAll(pattern)].map((match) => ({
        start: match.index,
        end: match.index + match[0].length,
        text: text.replace(/\$(\d)/g, (_, group: string) => match[Number(group)] ?? ''),
      }))
    : [];

/** Leaves the statement out. */
export const without = (only: RegExp): SqlOperator => (statement) =>
  only.test(statement.text) ? [{ start: 0, end: statement.text.length, text: '' }] : [];

/** Every change that the operators make in a file, in the order of the file. */
export function sqlChangesOf(sql: string, operators: SqlOperators): Change[] {
  const changes = statementsOf(sql).flatMap((statement) =>
    Object.entries(operators).flatMap(([operator, apply]) =>
      apply(statement).map(({ start, end, text }) => ({ operator, start: statement.start + start, end: statement.start + end, text })),
    ),
  );
  return changes.sort((a, b) => a.start - b.start || a.end - b.end);
}
