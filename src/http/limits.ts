import type { Plugin } from 'graphql-yoga';
import { measureOperation } from '../graphql/limits/cost.ts';
import { excessOf } from '../graphql/limits/limits.ts';
import { tooComplex } from './documents.ts';

/** Refuses an operation that asks for too much at once, before any of it runs. */
export function useOperationLimits(): Plugin {
  return {
    onExecute({ args: { schema, document, operationName, variableValues }, setResultAndStopExecution }) {
      const size = measureOperation(schema, document, operationName, variableValues ?? {});
      const excess = size && excessOf(size);
      if (excess) setResultAndStopExecution({ errors: [tooComplex(excess)] });
    },
  };
}
