import { afterAll, beforeAll, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { type NamedFault, QUICK_FAULTS } from './faults.ts';
import { type FaultedWorld, startFaultedWorld } from './faulted-world.ts';
import { problemsOf } from './judge.ts';
import type { Operation } from './operations.ts';

// One connection, so that the next request gets what the fault has left, or a new one.
let world: FaultedWorld;
beforeAll(async () => {
  world = await startFaultedWorld({ poolSize: 1, statementTimeoutMs: 10_000, connectTimeoutMs: 5_000, requestTimeoutMs: 60_000 });
});
afterAll(() => world.close());

const roots = [schema.getQueryType(), schema.getMutationType()];
const fields = roots.flatMap((root) => Object.keys(root?.getFields() ?? {}));

/** Every fault at every statement takes minutes: `FAULTS=all`. Otherwise each statement meets some, and each fault many. */
const EACH = process.env['FAULTS'] === 'all' ? QUICK_FAULTS.length : 2;
let turn = 0;
const nextFaults = (): NamedFault[] =>
  Array.from({ length: EACH }, () => QUICK_FAULTS[turn++ % QUICK_FAULTS.length] as NamedFault);

/** An identity without a membership opens no door and is found again. */
const IDENTITY = { 'iam.users': '+1 -0' };
/** A code works once, whatever becomes of what it was shown for. */
const CODE_USED = { 'credentials.recovery_codes': '+1 -1' };

/** What is written outside the transaction of the change, and may be there without it. */
const MADE_BEFORE: Readonly<Record<string, readonly object[]>> = {
  addMember: [IDENTITY],
  // Without a password, and a session whose tokens nobody has.
  acceptInvitation: [IDENTITY, { 'iam.sessions': '+1 -0', ...IDENTITY }],
  createOrganization: [
    IDENTITY,
    // On its way in: the same request carries on with it, or the sweep does.
    {
      ...{ 'events.event_tags': '+4 -0', 'events.events': '+2 -0' },
      ...{ 'iam.idempotency_keys': '+1 -0', 'iam.memberships': '+1 -0', 'iam.organizations': '+1 -0', 'iam.users': '+1 -0' },
    },
  ],
  // On its way in again: the sweep carries on with it.
  retryProvisioning: [{ 'events.event_tags': '+2 -0', 'events.events': '+1 -0', 'iam.organizations': '+1 -1' }],
  // A session whose tokens nobody has.
  completeSignIn: [CODE_USED, { ...CODE_USED, 'iam.sessions': '+1 -0' }],
  stepUp: [CODE_USED],
  // The same: the mail works still, because it is used up last.
  verifyEmail: [{ 'iam.sessions': '+1 -0' }],
  resetPassword: [{ 'iam.sessions': '+1 -0' }],
};

/** What may be done again although it was done: a session whose tokens nobody has takes nothing from the next one. */
const REPEATABLE = ['signIn'];

/** Where a failure is rightly told as what the operation answers without it. */
const isHarmless = (field: string, texts: readonly string[], number: number, { sqlState }: NamedFault): boolean =>
  // Everything was decided and undone before: the connection is given up, and the answer stays.
  texts[number - 1] === 'ROLLBACK' ||
  // It is deleted: that the engine has let go of it is noted afterwards, or by the sweep.
  (field === 'deleteOrganization' && number > texts.lastIndexOf('COMMIT') + 1) ||
  // A short name that was made up may be taken: whatever says so, all is undone and tried once more with another one.
  (field === 'createOrganization' && sqlState === '23505') ||
  // Several histories are read, and that they are is noted together: when that fails for one of them, each is noted alone.
  (field === 'nodes' && texts.slice(number - 1, number + 1).some((text) => text.includes('append_each')));

/** The operation without a fault: which statements it sends, and what it changes. */
async function measure(operation: Operation) {
  const before = await world.rows.readings();
  const { result: answer, statements } = await world.testApp.statementsOf(() => world.send(operation));
  const { data, errors } = answer;
  expect(errors).toBeUndefined();
  const [result] = Object.values<any>(data);
  const isError = String(result?.__typename).endsWith('Error');
  expect(isError, JSON.stringify(data)).toBe(operation.field === 'activateOrganization');
  const [change, read] = [await world.rows.change(), (await world.rows.readings()) - before];
  await world.rows.restore();
  return { texts: statements.map(({ text }) => text), change, read };
}

type Measure = Awaited<ReturnType<typeof measure>>;

/** Sends the operation with the fault at one statement, and says what was wrong with anything after it. */
async function meet(operation: Operation, number: number, named: NamedFault, { change: whole, texts, read }: Measure): Promise<string[]> {
  const { proxy, rows, testApp } = world;
  world.takeLog();
  const before = await rows.readings();
  proxy.arm(number, named.fault);
  const answer = await world.send(operation);
  const harmless = answer.errors === undefined && isHarmless(operation.field, texts, number, named);
  const told = harmless ? [] : problemsOf(answer, world.takeLog(), named, world.forbidden);
  const problems = proxy.met() ? told : ['was not met'];
  proxy.count();
  const left = await testApp.app.pool.run([
    { text: `SELECT current_setting('app.current_org_id', true), current_setting('app.current_user_id', true)`, values: [] },
  ]);
  if (left.rows[0]?.some((setting) => setting !== null && setting !== '')) problems.push('leaves a tenant on the connection');
  if ((await rows.openTransactions()) > 0) problems.push('leaves a transaction open');
  if (!(await world.nextRequestWorks())) problems.push('breaks the next request');
  const change = await rows.change();
  const allowed = [{}, whole, ...(MADE_BEFORE[operation.field] ?? [])].map((each) => JSON.stringify(each));
  if (!allowed.includes(JSON.stringify(change))) problems.push(`leaves half a change: ${JSON.stringify(change)}`);
  const isMade = Object.keys(whole).length > 0 && JSON.stringify(change) === JSON.stringify(whole);
  const isNoted = isMade || (Object.keys(whole).length === 0 && (await rows.readings()) - before === read);
  if (harmless && texts[number - 1] !== 'ROLLBACK' && !isNoted) problems.push('is told as success, and was not made');
  const codes = answer.errors?.map(({ extensions }) => extensions.code) ?? [];
  // A defect says nothing of the change; whatever may be tried again does.
  if (isMade && !REPEATABLE.includes(operation.field) && codes.includes('SERVICE_UNAVAILABLE')) problems.push('was made, and is told as what may be tried again');
  await rows.restore();
  return problems.map((problem) => `statement ${number}, ${named.name}: ${problem}`);
}

test.each(fields)('%s: whatever fails at whichever statement is coded, noted, undone and tells nothing', async (field) => {
  const operation = world.operations.find((each) => each.field === field);
  if (!operation) throw new Error(`no operation for ${field}`);
  const measured = await measure(operation);
  expect(measured.texts.length).toBeGreaterThan(0);
  const problems: string[] = [];
  for (let number = 1; number <= measured.texts.length; number += 1) {
    for (const named of nextFaults()) problems.push(...(await meet(operation, number, named, measured)));
  }
  expect(problems).toEqual([]);
}, 600_000);
