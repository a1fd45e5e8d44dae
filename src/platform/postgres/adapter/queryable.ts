import type { SqlQuery, SqlQueryable } from '@prisma/driver-adapter-utils';
import type { BatchResult, Step } from './batch.ts';
import { toAdapterError } from './errors.ts';
import { selectReadableColumns } from './readable-columns.ts';
import { toParameter } from './types.ts';

export const adapterIdentity = { provider: 'postgres', adapterName: 'tenantry' } as const;

export interface StepQueryable extends Pick<SqlQueryable, 'queryRaw' | 'executeRaw'> {
  /** Runs `work` and turns what the driver throws into what Prisma understands. */
  mapErrors<Result>(work: () => Promise<Result>): Promise<Result>;
}

const toStep = ({ sql, args, argTypes }: SqlQuery): Step => ({
  text: selectReadableColumns(sql),
  values: args.map((argument, index) => {
    const type = argTypes[index];
    return type === undefined ? argument : toParameter(argument, type);
  }),
});

async function mapErrors<Result>(work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    throw toAdapterError(error);
  }
}

/** The two calls by which Prisma sends statements, over something that runs one step. */
export function createQueryable(run: (step: Step) => Promise<BatchResult>): StepQueryable {
  return {
    queryRaw: (query) =>
      mapErrors(async () => {
        const { description, rows } = await run(toStep(query));
        return { columnNames: description.names, columnTypes: description.columnTypes(), rows };
      }),
    executeRaw: (query) => mapErrors(async () => (await run(toStep(query))).rowCount),
    mapErrors,
  };
}
