import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import type { Principal } from '../../src/kernel/principal.ts';
import { codeOf, openWorld, outcomeOf, type Tenant, untilWaiting, type World } from './world.ts';

let world: World;
let acme: Tenant;
let globex: Tenant;
let member: Principal;
let viewer: Principal;
beforeAll(async () => {
  world = await openWorld();
  acme = await world.found('Acme');
  globex = await world.found('Globex');
  member = await world.join(acme, 'member');
  viewer = await world.join(acme, 'viewer');
});
afterAll(() => world.close());

type CreateInput = Parameters<World['workflows']['create']>[1];
type UpdateInput = Parameters<World['workflows']['update']>[1];
const create = (by: Principal, input: Partial<CreateInput> = {}) =>
  world.as(by, (cx) => world.workflows.create(cx, { name: 'Flow', definition: definitionOf('a', 'b'), ...input }));
const update = (by: Principal, input: UpdateInput) => world.as(by, (cx) => world.workflows.update(cx, input));
const remove = (by: Principal, id: string) => world.as(by, (cx) => world.workflows.remove(cx, { id }));
const idOf = ({ workflowId }: { workflowId: string }): string => toGlobalId('Workflow', workflowId);

const definitionOf = (...keys: string[]) => ({
  document: { dsl: '1.0.0', namespace: 'demo', name: 'flow', version: '1.0.0' },
  do: keys.map((key) => ({ [key]: { set: { x: key } } })),
});

const rowOf = async ({ workflowId }: { workflowId: string }) =>
  (await world.sql('SELECT * FROM workflow.workflows WHERE id = $1', workflowId))[0];
const versionsOf = async ({ workflowId }: { workflowId: string }) =>
  world.sql(
    'SELECT version, definition, created_by_id FROM workflow.workflow_versions WHERE workflow_id = $1 ORDER BY version',
    workflowId,
  );
const tasksOf = async ({ workflowId }: { workflowId: string }) =>
  world.sql(
    'SELECT id, key, type, position, config FROM workflow.tasks WHERE workflow_id = $1 ORDER BY position',
    workflowId,
  );

const startExecution = (workflowId: string, status: string) =>
  world.sql(
    `INSERT INTO workflow.workflow_states (org_id, workflow_id, version, status, engine_namespace)
     VALUES ($1, $2, 1, $3::workflow.execution_status, 'x')`,
    acme.orgId,
    workflowId,
    status,
  );

describe('creating', () => {
  test('writes the workflow, its first version and its tasks, in the name of the member', async () => {
    const made = await create(member, { name: 'Daily Report', description: ' two\nlines ' });
    const createdBy = member.tenant?.membershipId;
    expect(await rowOf(made)).toMatchObject({
      org_id: acme.orgId,
      name: 'Daily Report',
      slug: 'daily-report',
      description: 'two\nlines',
      status: 'active',
      current_version: 1,
      created_by_id: createdBy,
    });
    expect(await versionsOf(made)).toEqual([
      { version: 1, definition: definitionOf('a', 'b'), created_by_id: createdBy },
    ]);
    expect(await tasksOf(made)).toMatchObject([
      { key: 'a', type: 'set', position: 0, config: { set: { x: 'a' } } },
      { key: 'b', type: 'set', position: 1, config: { set: { x: 'b' } } },
    ]);
  });

  test('a made-up slug steps aside, one that was asked for is a conflict, and other organizations do not count', async () => {
    const first = await create(member, { name: 'Same Name' });
    const second = await create(member, { name: 'Same Name' });
    expect(await rowOf(first)).toMatchObject({ slug: 'same-name' });
    expect(await rowOf(second)).toMatchObject({ slug: expect.stringMatching(/^same-name-[0-9a-f]{8}$/) });
    expect(await codeOf(create(member, { slug: 'same-name' }))).toBe('CONFLICT');
    expect(await codeOf(create(globex.owner, { slug: 'same-name' }))).toBe('ok');
  });

  test('a repeated request makes one workflow, also when many come at once', async () => {
    const input = { name: 'Repeated', idempotencyKey: 'k' };
    // A new workflow needs its organization to stay, so all five wait for whoever holds it.
    const attempts = Array.from({ length: 5 }, () => () => create(member, input));
    const answers = await world.contend(
      'SELECT 1 FROM iam.organizations WHERE id = $1 FOR UPDATE',
      [acme.orgId],
      attempts,
    );
    expect(new Set(answers.map(({ workflowId }) => workflowId)).size).toBe(1);
    expect(answers.filter(({ replayed }) => !replayed)).toHaveLength(1);
    expect(await world.sql(`SELECT name FROM workflow.workflows WHERE name = 'Repeated'`)).toHaveLength(1);
    expect(await codeOf(create(member, { ...input, name: 'Other' }))).toBe('CONFLICT');
  });

  test('a repeated request after a day is a new one', async () => {
    const input = { name: 'Tomorrow', idempotencyKey: 'day' };
    const today = await create(member, input);
    world.pass(24 * 60 * 60 * 1000);
    const tomorrow = await create(member, input);
    expect(tomorrow).toMatchObject({ replayed: false });
    expect(tomorrow.workflowId).not.toBe(today.workflowId);
    expect(await create(member, input)).toEqual({ ...tomorrow, replayed: true });
  });

  test('what failed is not remembered: the same key works once the input is right', async () => {
    await create(member, { slug: 'in-the-way' });
    const input = { slug: 'in-the-way', idempotencyKey: 'second-try' };
    expect(await codeOf(create(member, input))).toBe('CONFLICT');
    expect(await codeOf(create(member, { ...input, slug: 'out-of-the-way' }))).toBe('ok');
  });

  test.each([
    [{ name: '' }, 'name'],
    [{ slug: 'Not a slug' }, 'slug'],
    [{ description: 'x'.repeat(2_001) }, 'description'],
    [{ definition: 'text' }, 'definition'],
    [{ definition: undefined }, 'definition'],
    [{ definition: { ...definitionOf('a'), do: [{ a: { x: 1 } }] } }, 'definition.do.0.a'],
    [{ definition: { ...definitionOf('a'), padding: 'x'.repeat(10_000_000) } }, 'definition'],
    [{ orgId: 'smuggled' } as Partial<CreateInput>, 'orgId'],
  ] as [Partial<CreateInput>, string][])('case %#: refused for its %s', async (input, field) => {
    expect(await outcomeOf(create(member, input))).toMatchObject({
      code: 'VALIDATION_FAILED',
      fields: [{ path: field.split('.') }],
    });
  });

  test('is not for those who may only read', async () => {
    expect(await codeOf(create(viewer))).toBe('FORBIDDEN');
  });
});

describe('changing', () => {
  test('is not for those who may only read', async () => {
    const made = await create(member);
    expect(await codeOf(update(viewer, { id: idOf(made), name: 'x' }))).toBe('FORBIDDEN');
  });

  test('another definition becomes a new version; the old one and tasks of the same name stay', async () => {
    const made = await create(member);
    const [before] = await tasksOf(made);
    await update(member, { id: idOf(made), definition: definitionOf('c', 'a') });
    expect(await rowOf(made)).toMatchObject({ current_version: 2 });
    expect((await versionsOf(made)).map(({ version, definition }) => [version, definition])).toEqual([
      [1, definitionOf('a', 'b')],
      [2, definitionOf('c', 'a')],
    ]);
    const after = await tasksOf(made);
    expect(after.map(({ key, position }) => [key, position])).toEqual([
      ['c', 0],
      ['a', 1],
    ]);
    expect(after[1]?.id).toBe(before?.id);
  });

  test('an equal definition, whatever the order of its keys, is no new version', async () => {
    const made = await create(member);
    const { document, do: tasks } = definitionOf('a', 'b');
    await update(member, {
      id: idOf(made),
      definition: { do: tasks, document: Object.assign(Object.create(null), document) },
    });
    expect(await rowOf(made)).toMatchObject({ current_version: 1 });
    expect(await versionsOf(made)).toHaveLength(1);
  });

  test('only what is given changes; null empties a description', async () => {
    const made = await create(member, { description: 'about' });
    await update(member, { id: idOf(made), name: 'Renamed', status: 'inactive' });
    expect(await rowOf(made)).toMatchObject({
      name: 'Renamed',
      status: 'inactive',
      description: 'about',
      current_version: 1,
    });
    await update(member, { id: idOf(made), description: null, name: null });
    expect(await rowOf(made)).toMatchObject({ name: 'Renamed', description: null });
    expect(await codeOf(update(member, { id: idOf(made) }))).toBe('ok');
  });

  test('of two who expect the same version, one gets through, and no version is lost or doubled', async () => {
    const made = await create(member);
    const attempts = ['c', 'd', 'e', 'f'].map(
      (key) => () => codeOf(update(member, { id: idOf(made), definition: definitionOf(key), expectedVersion: 1 })),
    );
    const lock = 'SELECT 1 FROM workflow.workflows WHERE id = $1 FOR UPDATE';
    expect((await world.contend(lock, [made.workflowId], attempts)).sort()).toEqual([
      'CONFLICT',
      'CONFLICT',
      'CONFLICT',
      'ok',
    ]);
    await Promise.all(['g', 'h', 'i'].map((key) => update(member, { id: idOf(made), definition: definitionOf(key) })));
    const versions = await versionsOf(made);
    expect(versions.map(({ version }) => version)).toEqual([1, 2, 3, 4, 5]);
    const last = versions.at(-1)?.definition as ReturnType<typeof definitionOf>;
    expect((await tasksOf(made)).map(({ key }) => key)).toEqual(last.do.flatMap(Object.keys));
    expect(await rowOf(made)).toMatchObject({ current_version: 5 });
  });

  test('a version cannot be changed, not even by this server', async () => {
    const made = await create(member);
    const overwrite = world.as(member, (cx) =>
      cx.db.workflowVersion.updateMany({
        where: { orgId: acme.orgId, workflowId: made.workflowId },
        data: { version: 9 },
      }),
    );
    await expect(overwrite).rejects.toThrow('permission denied');
  });

  test('200 tasks that all move are one change', async () => {
    const keys = Array.from({ length: 200 }, (_, place) => `t${place}`);
    const made = await create(member, { definition: definitionOf(...keys) });
    await update(member, { id: idOf(made), definition: definitionOf(...keys.toReversed()) });
    expect((await tasksOf(made)).map(({ key }) => key)).toEqual(keys.toReversed());
  });
});

describe('deleting', () => {
  test.each(['pending', 'running', 'paused'])('is refused while an execution is %s', async (status) => {
    const made = await create(member);
    await startExecution(made.workflowId, status);
    expect(await codeOf(remove(acme.owner, idOf(made)))).toBe('CONFLICT');
    expect(await rowOf(made)).toBeDefined();
  });

  test.each(['completed', 'failed', 'canceled', 'timed_out'])(
    'takes everything along when executions are %s',
    async (status) => {
      const made = await create(member);
      await startExecution(made.workflowId, status);
      await world.as(member, (cx) =>
        world.schedules.create(cx, { workflowId: idOf(made), name: 's', cron: '* * * * *' }),
      );
      await remove(acme.owner, idOf(made));
      expect([await rowOf(made), await versionsOf(made), await tasksOf(made)]).toEqual([undefined, [], []]);
      expect(await codeOf(remove(acme.owner, idOf(made)))).toBe('NOT_FOUND');
    },
  );

  test('waits for an execution that is just being started, and then is refused', async () => {
    const made = await create(member);
    let proceed = (): void => undefined;
    const released = new Promise<void>((resolve) => {
      proceed = resolve;
    });
    let started = (): void => undefined;
    const hasStarted = new Promise<void>((resolve) => {
      started = resolve;
    });
    const starting = world.as(member, (cx) =>
      cx.db.$transaction(async (tx) => {
        const { workflowId } = made;
        await tx.workflowExecution.create({
          data: { orgId: acme.orgId, workflowId, version: 1, engineNamespace: 'x' },
          select: { id: true },
        });
        started();
        await released;
      }),
    );
    await hasStarted;
    const removing = codeOf(remove(acme.owner, idOf(made)));
    await untilWaiting(world.sql, 1);
    proceed();
    await starting;
    expect(await removing).toBe('CONFLICT');
  });

  test('needs a permission of its own', async () => {
    const made = await create(member);
    expect(await codeOf(remove(member, idOf(made)))).toBe('FORBIDDEN');
  });
});

test('a workflow of another organization is like one that does not exist', async () => {
  const foreign = await create(globex.owner);
  const unknown = await outcomeOf(remove(acme.owner, toGlobalId('Workflow', '0192d3a4-1111-7222-8333-44445555beef')));
  expect(unknown).toMatchObject({ code: 'NOT_FOUND', message: 'Workflow not found.' });
  for (const id of [idOf(foreign), foreign.workflowId, toGlobalId('Task', foreign.workflowId), '']) {
    expect(await outcomeOf(remove(acme.owner, id))).toEqual(unknown);
    expect(await outcomeOf(update(acme.owner, { id, name: 'Mine', definition: definitionOf('z') }))).toEqual(unknown);
    const scheduling = world.as(acme.owner, (cx) =>
      world.schedules.create(cx, { workflowId: id, name: 's', cron: '* * * * *' }),
    );
    expect(await outcomeOf(scheduling)).toEqual(unknown);
  }
  expect(await rowOf(foreign)).toMatchObject({ name: 'Flow', current_version: 1 });
});
