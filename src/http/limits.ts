import type { ExecutionResult, GraphQLError } from 'graphql';
import { createGraphQLError, type Plugin, type YogaInitialContext } from 'graphql-yoga';
import type { GraphQLContext } from '../graphql/context.ts';
import { countObjects } from '../graphql/limits/count.ts';
import { excessOf, type OperationLimits, writtenExcessOf } from '../graphql/limits/limits.ts';
import { measureOperation, type OperationSize } from '../graphql/limits/measure.ts';
import { repeatsOf } from '../graphql/limits/repeats.ts';
import { tooComplex } from './documents.ts';
import type { CallerMeter } from './rate-limits.ts';
import { stateOf } from './request-state.ts';

export interface LimitOptions {
  readonly operations: OperationLimits & { readonly pageSize: number };
  /** Null when callers are not limited over time: then nothing says what it costs either. */
  readonly meter: CallerMeter | null;
}

/**
 * Refuses an operation that asks for too much at once, or a caller that has asked for too much lately, before any of it
 * runs; and says in `extensions.cost` what an operation may cost and has cost.
 */
export function useLimits({ operations, meter }: LimitOptions): Plugin<GraphQLContext> {
  return {
    // What is written is measured before it is checked: checking what is repeated often takes the square of its length.
    onValidate({ context, params: { schema, documentAST }, setResult }) {
      const { operationName, variables } = (context as YogaInitialContext).params;
      const request = { operationName, variables: variables ?? {}, pageSizeMax: operations.pageSize };
      const size = measureOperation(schema, documentAST, request);
      const excess = (size && writtenExcessOf(size, operations)) ?? repeatsOf(documentAST);
      if (excess) setResult([tooComplex(excess)]);
    },
    async onExecute({ args, setResultAndStopExecution }) {
      const { schema, document, operationName, variableValues, contextValue } = args;
      const request = { operationName, variables: variableValues ?? {}, pageSizeMax: operations.pageSize };
      const size = measureOperation(schema, document, request);
      if (!size) return undefined;
      const excess = excessOf(size, operations);
      if (excess) {
        setResultAndStopExecution(refused(tooComplex(excess), meter && { requested: size.cost }));
        return undefined;
      }
      if (!meter) return undefined;
      const requestState = stateOf(contextValue.request);
      requestState.counted = true;
      const { refusal, state, settle } = await meter.admit(contextValue.principal, requestState.sender.address, size);
      const { available, restoreRate } = state.cost;
      if (refusal) {
        const error = createGraphQLError(refusal.message, { originalError: refusal });
        setResultAndStopExecution(refused(error, { requested: size.cost, available, restoreRate }));
        return undefined;
      }
      contextValue.rateLimit = state;
      return {
        onExecuteDone({ result, setResult }) {
          if (!('data' in result)) return;
          const actual = actualCost(result, size, () => countObjects(schema, document, request, result.data));
          const cost = { requested: size.cost, actual, available: settle(actual), restoreRate };
          setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
  };
}

function refused(error: GraphQLError, cost: object | null): ExecutionResult {
  return { errors: [error], ...(cost && { extensions: { cost } }) };
}

/**
 * What an operation has cost. With an error in its answer it is what was asked for: what was read before a failure is
 * not seen in an answer, and a field that always fails would make everything beside it free.
 */
function actualCost({ errors }: ExecutionResult, { cost }: OperationSize, objects: () => number): number {
  return errors?.length ? cost : Math.min(objects(), cost);
}
