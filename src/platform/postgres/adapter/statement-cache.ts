import type { ColumnType } from '@prisma/driver-adapter-utils';
import type { FieldDef } from 'pg';
import { columnTypeOf, parserOf, type ValueParser } from './types.ts';

/** What PostgreSQL said about the rows of a statement, kept so that it need not be asked again. */
export interface RowDescription {
  readonly names: string[];
  readonly parsers: readonly ValueParser[];
  /** @throws DriverAdapterError when Prisma cannot read a column. */
  columnTypes(): ColumnType[];
}

/** A statement prepared on one connection. */
export interface PreparedStatement {
  readonly name: string;
  /** `doubtful`: an error left open whether the server has it, so it is closed and prepared again. */
  state: 'unsent' | 'prepared' | 'doubtful';
  description: RowDescription | undefined;
}

/** The statements of one connection, the least recently used forgotten first. */
export interface StatementCache {
  /** The statement of this text; `close` is called with the name of one that had to make room. */
  use(text: string, close: (name: string) => void): PreparedStatement;
  /** Marks every statement doubtful, after the server answered that it does not know one. */
  doubtAll(): void;
  readonly size: number;
}

export function describeRows(fields: readonly FieldDef[]): RowDescription {
  let types: ColumnType[] | undefined;
  return {
    names: fields.map((field) => field.name),
    parsers: fields.map((field) => parserOf(field.dataTypeID)),
    columnTypes: () => (types ??= fields.map((field) => columnTypeOf(field.dataTypeID))),
  };
}

/** The description of a statement that returns no rows. */
export const noRows: RowDescription = describeRows([]);

export function createStatementCache(limit: number): StatementCache {
  const statements = new Map<string, PreparedStatement>();
  let made = 0;

  const makeRoom = (close: (name: string) => void): void => {
    const [oldest] = statements;
    if (oldest === undefined || statements.size < limit) return;
    statements.delete(oldest[0]);
    close(oldest[1].name);
  };

  return {
    use(text, close) {
      const known = statements.get(text);
      if (known !== undefined) {
        // A Map keeps the order of insertion: putting the statement in again makes it the youngest.
        statements.delete(text);
        statements.set(text, known);
        return known;
      }
      makeRoom(close);
      made += 1;
      const statement: PreparedStatement = { name: `t${made}`, state: 'unsent', description: undefined };
      statements.set(text, statement);
      return statement;
    },
    doubtAll() {
      for (const statement of statements.values()) doubt(statement);
    },
    get size() {
      return statements.size;
    },
  };
}

/** Says that the server may not have this statement, or not in the shape that was described. */
export function doubt(statement: PreparedStatement): void {
  statement.state = 'doubtful';
  statement.description = undefined;
}
