import type { DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema } from 'graphql';
import { createGraphQLError, type Plugin, type YogaInitialContext } from 'graphql-yoga';
import type { KeyUsage } from '../domains/api-keys/index.ts';
import type { GraphQLContext } from '../graphql/context.ts';
import { countObjects } from '../graphql/limits/count.ts';
import { excessOf, type OperationLimits, writtenExcessOf } from '../graphql/limits/limits.ts';
import { measureOperation, type OperationSize } from '../graphql/limits/measure.ts';
import { repeatsOf } from '../graphql/limits/repeats.ts';
import type { RateLimitedError } from '../kernel/errors.ts';
import { tooComplex } from './documents.ts';
import type { CallerMeter, Metered } from './rate-limits.ts';
import { stateOf } from './request-state.ts';

export interface LimitOptions {
  readonly operations: OperationLimits & { readonly pageSize: number };
  /** Null when callers are not limited over time: then nothing says what it costs either. */
  readonly meter: CallerMeter | null;
  /** Counts the month of API keys, whether callers are limited over time or not. */
  readonly keyUsage: Pick<KeyUsage, 'take'>;
}

/**
 * Refuses an operation that asks for too much at once, or a caller that has asked for too much lately, before any of it
 * runs; and says in `extensions.cost` what an operation may cost and has cost.
 */
export function useLimits({ operations, meter, keyUsage }: LimitOptions): Plugin<GraphQLContext> {
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
      const { admitted, refusal } = await admit(args, { operations, meter, keyUsage });
      if (refusal) setResultAndStopExecution(refusal);
      if (!admitted) return undefined;
      const { schema, document } = args;
      const { size, request, settle, restoreRate } = admitted;
      return {
        onExecuteDone({ result, setResult }) {
          if (!('data' in result)) return;
          const actual = actualCost(result, size, () => countObjects(schema, document, request, result.data));
          const cost = { requested: size.cost, actual, available: settle(actual), restoreRate };
          setResult({ ...result, extensions: { ...result.extensions, cost } });
        },
      };
    },
    // A subscription costs when it is begun what one of its results may, and then what each of them does: see `openTab`.
    async onSubscribe({ args, setResultAndStopExecution }) {
      const { refusal } = await admit(args, { operations, meter, keyUsage });
      if (refusal) setResultAndStopExecution(refusal);
    },
  };
}

/** What a subscription pays its results with. */
export interface ResultTab {
  /** Takes what a result may cost. Answers the milliseconds to wait until there is enough; 0 when it was taken. */
  take(): Promise<number>;
  /** Gives back what the result has not cost. */
  settle(result: ExecutionResult): void;
}

/** Opens the tab of a subscription; null when callers are not limited over time. */
export function openTab({ schema, document, operationName, variableValues, contextValue }: Asked, { operations, meter }: Pick<LimitOptions, 'operations' | 'meter'>): ResultTab | null {
  const request = { operationName, variables: variableValues ?? {}, pageSizeMax: operations.pageSize };
  const size = meter && measureOperation(schema, document, request);
  if (!size) return null;
  const { take, settle } = meter.openTab(contextValue.principal, stateOf(contextValue.request).sender.address, size.cost);
  return {
    take,
    settle: (result) => settle(actualCost(result, size, () => countObjects(schema, document, request, result.data))),
  };
}

interface Admitted {
  readonly size: OperationSize;
  readonly request: Parameters<typeof measureOperation>[2];
  readonly settle: Metered['settle'];
  readonly restoreRate: number;
}

/** An operation that is to be run. */
export interface Asked {
  readonly schema: GraphQLSchema;
  readonly document: DocumentNode;
  readonly operationName?: string | null | undefined;
  readonly variableValues?: Readonly<Record<string, unknown>> | null | undefined;
  readonly contextValue: GraphQLContext & YogaInitialContext;
}

/** Takes what an operation may cost from its caller, or says why it may not run. Neither when nobody is limited. */
async function admit(args: Asked, { operations, meter, keyUsage }: LimitOptions): Promise<{ admitted?: Admitted; refusal?: ExecutionResult }> {
  const { schema, document, operationName, variableValues, contextValue } = args;
  const request = { operationName, variables: variableValues ?? {}, pageSizeMax: operations.pageSize };
  const size = measureOperation(schema, document, request);
  if (!size) return {};
  const excess = excessOf(size, operations);
  if (excess) return { refusal: refused(tooComplex(excess), meter && { requested: size.cost }) };
  if (!meter) {
    const usedUp = await takeUsage(keyUsage, contextValue, size);
    return usedUp ? { refusal: refused(codedError(usedUp), null) } : {};
  }
  const requestState = stateOf(contextValue.request);
  requestState.counted = true;
  const { refusal, state, settle } = await meter.admit(contextValue.principal, requestState.sender.address, size);
  const { available, restoreRate } = state.cost;
  if (refusal) {
    return { refusal: refused(codedError(refusal), { requested: size.cost, available, restoreRate }) };
  }
  // After the limits of the hour, which bound how often the database is asked by a key whose month is over.
  const usedUp = await takeUsage(keyUsage, contextValue, size);
  if (usedUp) return { refusal: refused(codedError(usedUp), { requested: size.cost, available: settle(0), restoreRate }) };
  contextValue.rateLimit = state;
  return { admitted: { size, request, settle, restoreRate } };
}

function takeUsage(keyUsage: LimitOptions['keyUsage'], { principal, origin }: GraphQLContext, { rootFields }: OperationSize) {
  return keyUsage.take(principal, origin, rootFields);
}

const codedError = (refusal: RateLimitedError): GraphQLError => createGraphQLError(refusal.message, { originalError: refusal });

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
