import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Fault } from './fault-proxy.ts';
import { type FaultedWorld, startFaultedWorld } from './faulted-world.ts';
import type { Operation } from './operations.ts';

let world: FaultedWorld;
beforeAll(async () => {
  world = await startFaultedWorld({ poolSize: 1, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, requestTimeoutMs: 60_000 });
});
afterAll(() => world.close());

const UNKNOWN = /cannot tell whether the change was made.*the same idempotencyKey/;

const operation = (field: string): Operation => world.operations.find((each) => each.field === field) as Operation;

/** The number of the last statement of an operation that has this text: the one with which all of it is made. */
async function numberOf(what: Operation, text: RegExp): Promise<number> {
  const { result, statements } = await world.testApp.statementsOf(() => world.send(what));
  expect(result.errors).toBeUndefined();
  await world.rows.change();
  await world.rows.restore();
  const index = statements.findLastIndex((statement) => text.test(statement.text));
  expect(index).toBeGreaterThanOrEqual(0);
  return index + 1;
}

const sendWith = async (what: Operation, number: number, fault: Fault) => {
  world.proxy.arm(number, fault);
  const answer = await world.send(what);
  expect(world.proxy.met()).toBe(true);
  world.proxy.count();
  return answer;
};

const CREATING = ['createWorkflow', 'createSchedule', 'createApiKey', 'rotateApiKey', 'addMember', 'createOrganization'];

test.each(CREATING)('%s, kept while its answer was lost: the caller is told so, and the same idempotency key makes it once', async (field) => {
  const what = operation(field);
  const whole = await (async () => {
    await world.send(what);
    const change = await world.rows.change();
    await world.rows.restore();
    return change;
  })();
  const commit = await numberOf(what, /^COMMIT$/);
  const { errors } = await sendWith(what, commit, { kind: 'lose-answer' });
  expect(errors?.map(({ extensions }) => extensions.code)).toEqual(['OUTCOME_UNKNOWN']);
  expect(errors?.[0]?.message).toMatch(UNKNOWN);
  await expect.poll(() => world.rows.change()).toEqual(whole);
  const again = await world.send(what);
  expect(again.errors).toBeUndefined();
  const [result] = Object.values<any>(again.data);
  expect(result.__typename).toMatch(/Success$/);
  // A secret is shown once, to nobody here: whoever repeats is told that it is a repetition.
  expect(result.secret ?? result.apiKeySecret ?? null).toBeNull();
  expect(await world.rows.change()).toEqual(whole);
  await world.rows.restore();
});

test.each(CREATING)('%s, lost before it was kept, is made by the repetition', async (field) => {
  const what = operation(field);
  const commit = await numberOf(what, /^COMMIT$/);
  const { errors } = await sendWith(what, commit, { kind: 'drop' });
  expect(errors?.[0]?.message).toMatch(UNKNOWN);
  const again = await world.send(what);
  const [result] = Object.values<any>(again.data);
  expect(result.__typename).toMatch(/Success$/);
  await world.rows.change();
  await world.rows.restore();
});

test('a change that is one statement is told in the same way', async () => {
  const what = operation('signOut');
  const number = await numberOf(what, /^UPDATE/);
  const { errors } = await sendWith(what, number, { kind: 'lose-answer' });
  expect(errors?.[0]?.message).toMatch(UNKNOWN);
  await world.rows.change();
  await world.rows.restore();
});

test('what was lost before the change was to be kept, and what the server refused, was surely not made: it says so', async () => {
  const what = operation('createWorkflow');
  const insert = await numberOf(what, /^INSERT/);
  const commit = await numberOf(what, /^COMMIT$/);
  const refused: Fault = { kind: 'instead', sql: `DO $$ BEGIN RAISE EXCEPTION 'no' USING ERRCODE = '40001'; END $$` };
  for (const [number, fault] of [[insert, { kind: 'drop' }], [insert, { kind: 'lose-answer' }], [commit, refused]] as const) {
    const { errors } = await sendWith(what, number, fault);
    expect(errors?.map(({ message, extensions }) => [extensions.code, message])).toEqual([
      ['SERVICE_UNAVAILABLE', 'The service cannot answer right now. Try again in a moment.'],
    ]);
    expect(await world.rows.change()).toEqual({});
  }
});
