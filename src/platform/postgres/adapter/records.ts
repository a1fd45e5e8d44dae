import { ColumnTypeEnum } from '@prisma/driver-adapter-utils';
import type { Step } from './batch.ts';
import { toAdapterError } from './errors.ts';
import type { DatabasePool } from './pool.ts';

const camelCase = (name: string): string => name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());

const decode = (type: number | undefined, value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  if (type === ColumnTypeEnum.DateTime) return new Date(value);
  return type === ColumnTypeEnum.Json ? JSON.parse(value) : value;
};

/**
 * Runs a batch for code that is not Prisma, and gives the rows of its last statement as objects: names in camel case,
 * times as Date, JSON parsed. Fails like a statement of Prisma's would.
 */
export async function readRecords(pool: DatabasePool, steps: readonly Step[]): Promise<Record<string, unknown>[]> {
  try {
    const { rows, description } = await pool.run(steps);
    const names = description.names.map(camelCase);
    const types = description.columnTypes();
    return rows.map((row) =>
      Object.fromEntries(names.map((name, column) => [name, decode(types[column], row[column])])),
    );
  } catch (error) {
    throw toAdapterError(error);
  }
}
