import type { Plugin } from 'graphql-yoga';
import { excessOf, type OperationLimits } from '../graphql/limits/limits.ts';
import { measureOperation } from '../graphql/limits/measure.ts';
import { tooComplex } from './documents.ts';

/** Refuses an operation that asks for too much at once, before any of it runs. */
export function useOperationLimits(limits: OperationLimits & { readonly pageSize: number }): Plugin {
  return {
    onExecute({ args: { schema, document, operationName, variableValues }, setResultAndStopExecution }) {
      const request = { operationName, variables: variableValues ?? {}, pageSizeMax: limits.pageSize };
      const size = measureOperation(schema, document, request);
      const excess = size && excessOf(size, limits);
      if (excess) setResultAndStopExecution({ errors: [tooComplex(excess)] });
    },
  };
}
