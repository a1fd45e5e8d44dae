import { type ExecutionResult, GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { createScope } from '../../platform/postgres/tenancy.ts';
import { type Delivery, deliver } from './deliver.ts';
import { createSubscriptions } from './subscriptions.ts';

const limits = { perCaller: 10, perConnection: 10, perOrganization: 10, perProcess: 10 };
const nothing = async (): Promise<void> => undefined;

function deliveryOf(given: Partial<Delivery> = {}) {
  const subscriptions = createSubscriptions(limits);
  const subscription = subscriptions.open({ caller: 'somebody', orgId: null, connection: null });
  const delivery: Delivery = {
    events: (async function* () {
      yield 1;
      yield 2;
    })(),
    resultOf: (event) => ({ data: { event } }),
    tab: null,
    subscription,
    watch: { confirm: nothing, stop: () => undefined },
    scope: createScope({ orgId: null, userId: null }),
    show: async (result) => result,
    showEnd: async (reason) => ({ errors: [new GraphQLError(reason.message)] }),
    hangUp: () => undefined,
    timeoutMs: 60_000,
    unreadMs: 60_000,
    onOver: () => undefined,
    ...given,
  };
  return { subscriptions, subscription, delivery };
}

async function resultsOf(delivery: Delivery): Promise<unknown[]> {
  const results: unknown[] = [];
  for await (const { data, errors } of deliver(delivery)) results.push(data?.['event'] ?? errors?.[0]?.message);
  return results;
}

test('a result waits for what it may cost, and gives back what it has not cost', async () => {
  const waits = [1, 1, 0, 0];
  const settled: ExecutionResult[] = [];
  const tab = { take: async () => waits.shift() ?? 0, settle: (result: ExecutionResult) => void settled.push(result) };
  expect(await resultsOf(deliveryOf({ tab }).delivery)).toEqual([1, 2]);
  expect([waits, settled]).toEqual([[], [{ data: { event: 1 } }, { data: { event: 2 } }]]);
});

test('no result is made of what is not paid for, and who waits for it hears of the end', async () => {
  let made = 0;
  const paying = Promise.withResolvers<void>();
  const take = async () => {
    paying.resolve();
    return 2_000_000;
  };
  const { delivery, subscription, subscriptions } = deliveryOf({ tab: { take, settle: () => undefined }, resultOf: () => ({ data: { event: ++made } }) });
  const results = resultsOf(delivery);
  await paying.promise;
  subscription.end(null);
  expect([await results, made, subscriptions.count()]).toEqual([[], 0, 0]);
});

test('a result that takes too long is begun no further, and is the end', async () => {
  let late: AbortSignal | undefined;
  const resultOf: Delivery['resultOf'] = (_event, signal) => {
    late = signal;
    return new Promise(() => undefined);
  };
  const { delivery, subscriptions } = deliveryOf({ resultOf, timeoutMs: 1 });
  expect(await resultsOf(delivery)).toEqual([expect.stringContaining('cannot answer right now')]);
  expect([late?.aborted, subscriptions.count()]).toEqual([true, 0]);
});

test.each<[string, unknown, string]>([
  ['an error', new Error('away'), 'away'],
  ['no error', 'away', 'What was thrown is no error.'],
])('events that fail with %s end with that as the last result', async (_what, thrown, message) => {
  const events = (async function* () {
    yield 1;
    throw thrown;
  })();
  const { delivery, subscriptions } = deliveryOf({ events });
  expect(await resultsOf(delivery)).toEqual([1, message]);
  expect(subscriptions.count()).toBe(0);
});
