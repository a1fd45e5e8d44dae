import { afterAll, beforeAll, expect, test } from 'vitest';
import { SLOW_FAULTS } from './faults.ts';
import { type FaultedWorld, startFaultedWorld } from './faulted-world.ts';
import { problemsOf } from './judge.ts';

// What ends by a limit of time costs that time, so a few operations stand for all.
const FIELDS = ['workflows', 'createWorkflow', 'addMember', 'signIn'];
/** The limits add up to a few seconds; only what has no limit takes as long as this. */
const BOUND_MS = 60_000;

let world: FaultedWorld;
beforeAll(async () => {
  world = await startFaultedWorld({ poolSize: 2, statementTimeoutMs: 1_500, connectTimeoutMs: 1_500, requestTimeoutMs: 20_000 });
});
afterAll(() => world.close());

const cases = FIELDS.flatMap((field) => SLOW_FAULTS.map((named) => [field, named.name, named] as const));

test.each(cases)('%s, %s: ended by the limits, coded, undone, and the server goes on', async (field, _name, named) => {
  const { proxy, rows } = world;
  const operation = world.operations.find((each) => each.field === field);
  if (!operation) throw new Error(`no operation for ${field}`);
  proxy.count();
  expect((await world.send(operation)).errors).toBeUndefined();
  const middle = Math.ceil(proxy.statements() / 2);
  await rows.change();
  await rows.restore();

  world.takeLog();
  proxy.arm(middle, named.fault);
  const answer = await world.send(operation);
  expect(proxy.met()).toBe(true);
  proxy.count();
  expect(problemsOf(answer, world.takeLog(), named, world.forbidden)).toEqual([]);
  await expect.poll(world.nextRequestWorks, { timeout: BOUND_MS }).toBe(true);
  // A server that waits for a client that says nothing undoes the work when the client's side has given up.
  await expect.poll(rows.openTransactions, { timeout: BOUND_MS }).toBe(0);
  // An identity without a membership may have been made before.
  const { 'iam.users': _users, ...change } = await rows.change();
  expect(change).toEqual({});
  await rows.restore();
}, 120_000);
