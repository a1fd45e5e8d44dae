import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import type { Cell, SeedTable } from './tables.ts';

/** Lines are sent in pieces of about this many characters. */
const PIECE_LENGTH = 64 * 1024;

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };

const textOf = (cell: Cell): string => {
  if (cell === null) return '\\N';
  const text = cell instanceof Date ? cell.toISOString() : typeof cell === 'object' ? JSON.stringify(cell) : String(cell);
  return text.replace(/[\\\t\n\r]/g, (character) => ESCAPES[character]!);
};

/** A row in PostgreSQL's text format of COPY. */
export const copyLine = (cells: readonly Cell[]): string => `${cells.map(textOf).join('\t')}\n`;

function* piecesOf(rows: Iterable<readonly Cell[]>): Generator<string> {
  let piece = '';
  for (const row of rows) {
    piece += copyLine(row);
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}

const stagingOf = ({ name }: SeedTable): string => `pg_temp.seed_${name.split('.')[1]}`;

/**
 * Makes a table of the session's own with the columns that are copied, for the rest of the transaction. PostgreSQL
 * refuses COPY into a table with row level security, so rows go in here first.
 */
export const createStaging = async (client: pg.Client, table: SeedTable): Promise<void> => {
  const source = `SELECT ${table.columns.join(', ')} FROM ${table.name}`;
  await client.query(`CREATE TEMPORARY TABLE ${stagingOf(table).slice('pg_temp.'.length)} ON COMMIT DROP AS ${source} WITH NO DATA`);
};

/**
 * Copies rows and puts them into the table as rows of one organization, which must be the one that the transaction is
 * in: row level security looks at every row. Answers how many there were.
 */
export const copyRows = async (client: pg.Client, table: SeedTable, orgId: string, rows: Iterable<readonly Cell[]>): Promise<number> => {
  const [staging, columns] = [stagingOf(table), table.columns.join(', ')];
  await pipeline(Readable.from(piecesOf(rows)), client.query(copyFrom(`COPY ${staging} (${columns}) FROM STDIN`)));
  const { rowCount } = await client.query(`INSERT INTO ${table.name} (org_id, ${columns}) SELECT $1::uuid, ${columns} FROM ${staging}`, [orgId]);
  await client.query(`TRUNCATE ${staging}`);
  return rowCount ?? 0;
};
