import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId, uuidOf } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { nextRun } from '../../src/domains/workflows/index.ts';
import { codeOf, openWorld, outcomeOf, type Tenant, type World } from './world.ts';

let world: World;
let acme: Tenant;
let globex: Tenant;
let workflowId: string;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
  globex = await world.found('Globex');
  workflowId = await newWorkflow(acme.owner);
});
afterAll(() => world.close());

const newWorkflow = async (by: Principal): Promise<string> => {
  const document = { dsl: '1.0.0', namespace: 'demo', name: 'flow', version: '1.0.0' };
  const made = await world.as(by, (cx) =>
    world.workflows.create(cx, { name: 'Flow', definition: { document, do: [{ a: { set: {} } }] } }),
  );
  return toGlobalId('Workflow', made.workflowId);
};

type CreateInput = Parameters<World['schedules']['create']>[1];
type UpdateInput = Parameters<World['schedules']['update']>[1];
const create = (by: Principal, input: Partial<CreateInput> = {}) =>
  world.as(by, (cx) => world.schedules.create(cx, { workflowId, name: 'Nightly', cron: '0 3 * * *', ...input }));
const update = (by: Principal, input: UpdateInput) => world.as(by, (cx) => world.schedules.update(cx, input));
const remove = (by: Principal, id: string) => world.as(by, (cx) => world.schedules.remove(cx, { id }));
const idOf = ({ scheduleId }: { scheduleId: string }): string => toGlobalId('Schedule', scheduleId);
const rowOf = async ({ scheduleId }: { scheduleId: string }) =>
  (await world.sql('SELECT * FROM workflow.schedules WHERE id = $1', scheduleId))[0];

test('a schedule knows when it is due next, in its time zone', async () => {
  const made = await create(acme.owner, { cron: ' 0  9 * * 1-5 ', timezone: 'Asia/Tokyo', input: { x: 1 } });
  expect(await rowOf(made)).toMatchObject({
    org_id: acme.orgId,
    name: 'Nightly',
    cron: '0 9 * * 1-5',
    timezone: 'Asia/Tokyo',
    input: { x: 1 },
    enabled: true,
    next_run_at: nextRun('0 9 * * 1-5', 'Asia/Tokyo', world.now()),
  });
});

test('one that is switched off is never due, and due again from the moment it is switched on', async () => {
  const made = await create(acme.owner, { enabled: false });
  expect(await rowOf(made)).toMatchObject({ enabled: false, next_run_at: null, timezone: 'UTC', input: {} });
  await update(acme.owner, { id: idOf(made), enabled: true });
  expect(await rowOf(made)).toMatchObject({ next_run_at: nextRun('0 3 * * *', 'UTC', world.now()) });
  await update(acme.owner, { id: idOf(made), enabled: false, cron: '0 4 * * *' });
  expect(await rowOf(made)).toMatchObject({ cron: '0 4 * * *', next_run_at: null });
});

test('one that is switched off while its time is changed stays off', async () => {
  const made = await create(acme.owner);
  const switchOff = 'UPDATE workflow.schedules SET enabled = false, next_run_at = NULL WHERE id = $1';
  await world.contend(switchOff, [made.scheduleId], [() => update(acme.owner, { id: idOf(made), cron: '0 4 * * *' })]);
  expect(await rowOf(made)).toMatchObject({ cron: '0 4 * * *', enabled: false, next_run_at: null });
});

test('a new name or input leaves the time as it is, a new time or zone moves it', async () => {
  const made = await create(acme.owner);
  await world.sql(`UPDATE workflow.schedules SET next_run_at = '2030-01-01' WHERE id = $1`, made.scheduleId);
  const kept = (await rowOf(made))?.next_run_at;
  await update(acme.owner, { id: idOf(made), name: 'Renamed', input: { y: 2 }, enabled: true });
  expect(await rowOf(made)).toMatchObject({ name: 'Renamed', input: { y: 2 }, next_run_at: kept });
  await update(acme.owner, { id: idOf(made), timezone: 'Asia/Tokyo' });
  expect(await rowOf(made)).toMatchObject({ next_run_at: nextRun('0 3 * * *', 'Asia/Tokyo', world.now()) });
});

test('a repeated request makes one schedule', async () => {
  const input = { name: 'Once', idempotencyKey: 'k' };
  const first = await create(acme.owner, input);
  expect(await create(acme.owner, input)).toEqual({ ...first, replayed: true });
});

test('a workflow has a hundred schedules at most, also when several are made at once', async () => {
  const id = await newWorkflow(acme.owner);
  await create(acme.owner, { workflowId: id });
  await world.sql(
    `INSERT INTO workflow.schedules (org_id, workflow_id, name, cron)
     SELECT org_id, workflow_id, 'n', cron FROM workflow.schedules, generate_series(1, 97) WHERE workflow_id = $1`,
    uuidOf('Workflow', id),
  );
  const attempts = Array.from({ length: 4 }, () => () => codeOf(create(acme.owner, { workflowId: id })));
  const lock = 'SELECT 1 FROM workflow.workflows WHERE id = $1 FOR UPDATE';
  const codes = await world.contend(lock, [uuidOf('Workflow', id)], attempts);
  expect(codes.sort()).toEqual(['CONFLICT', 'CONFLICT', 'ok', 'ok']);
});

describe('what is wrong is refused with its field, and nothing changes', () => {
  test.each([
    [{ name: '' }, 'name'],
    [{ cron: '* * * * * *' }, 'cron'],
    [{ cron: '0 0 30 2 *' }, 'cron'],
    [{ cron: '0 0 30 2 *', enabled: false }, 'cron'],
    [{ timezone: 'Mars/Olympus' }, 'timezone'],
    [{ input: [1] }, 'input'],
    [{ input: 'text' }, 'input'],
    [{ input: { x: '\0' } }, 'input'],
  ] as [Partial<CreateInput>, string][])('%j', async (input, field) => {
    const made = await create(acme.owner);
    const before = await rowOf(made);
    const expected = { code: 'VALIDATION_FAILED', fields: [{ path: [field] }] };
    expect(await outcomeOf(create(acme.owner, input))).toMatchObject(expected);
    expect(await outcomeOf(update(acme.owner, { id: idOf(made), ...input }))).toMatchObject(expected);
    expect(await rowOf(made)).toEqual(before);
  });
});

test('a schedule of another organization is like one that does not exist', async () => {
  const foreign = await create(globex.owner, { workflowId: await newWorkflow(globex.owner) });
  const unknown = await outcomeOf(remove(acme.owner, toGlobalId('Schedule', '0192d3a4-1111-7222-8333-44445555beef')));
  expect(unknown).toMatchObject({ code: 'NOT_FOUND', message: 'Schedule not found.' });
  for (const id of [idOf(foreign), foreign.scheduleId, workflowId, '']) {
    expect(await outcomeOf(remove(acme.owner, id))).toEqual(unknown);
    expect(await outcomeOf(update(acme.owner, { id, name: 'Mine' }))).toEqual(unknown);
  }
  expect(await rowOf(foreign)).toMatchObject({ name: 'Nightly' });
});

test('a viewer makes, changes and deletes none', async () => {
  const viewer = await world.join(acme, 'viewer');
  const made = await create(acme.owner);
  expect(await codeOf(create(viewer))).toBe('FORBIDDEN');
  expect(await codeOf(update(viewer, { id: idOf(made), name: 'x' }))).toBe('FORBIDDEN');
  expect(await codeOf(remove(viewer, idOf(made)))).toBe('FORBIDDEN');
  expect(await codeOf(remove(acme.owner, idOf(made)))).toBe('ok');
  expect(await rowOf(made)).toBeUndefined();
});
