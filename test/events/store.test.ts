import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { AppendConditionFailedError, EVERY_EVENT, type NewEvent } from '../../src/domains/events/index.ts';
import { ValidationError } from '../../src/kernel/errors.ts';
import { isOutcomeUnknown } from '../../src/platform/postgres/adapter/index.ts';
import { startProxy } from '../isolation/proxy.ts';
import { type EventWorld, openEvents, openEventWorld, principalOf } from './world.ts';

let world: EventWorld;
beforeAll(async () => {
  world = await openEventWorld({ size: 8 });
});
afterAll(() => world.close());
beforeEach(() => world.sql(`SET session_replication_role = replica; TRUNCATE events.heads CASCADE`));

const append = (events: NewEvent[], condition = {}) => world.as(world.a, (cx) => world.store.append(cx, events, condition));
const read = (query = EVERY_EVENT, options = {}) => world.as(world.a, (cx) => world.store.read(cx, query, options));

describe('an event', () => {
  test('is read as it was appended, with who did it, from where, and when', async () => {
    const { store, as, a } = world;
    const aggregate = { type: 'Workflow', id: a.workflowIds[0]! };
    const event = {
      type: 'WORKFLOW.RENAMED',
      data: { name: 'Ünïcode 😀', list: [1, null, { deep: true }] },
      metadata: { schema: 2 },
      tags: ['workflow:1', 'name:ü', 'workflow:1'],
      aggregate,
      causationId: 'renameWorkflow',
    };
    const origin = { source: 'api' as const, ip: '2001:db8::1', userAgent: 'A browser', correlationId: 'request-1' };
    const before = Date.now();
    const appended = await as(a, (cx) => store.append({ ...cx, origin }, [event, { type: 'WORKFLOW.LISTED' }]));
    const [renamed, listed] = (await read()).events;
    expect(renamed).toEqual({
      ...event,
      ...origin,
      tags: ['name:ü', 'workflow:1'],
      aggregate: { ...aggregate, version: 1 },
      orgId: a.orgId,
      position: 1,
      id: appended.events[0]!.id,
      createdAt: appended.events[0]!.createdAt,
      actor: { kind: 'user', userId: a.userId, membershipId: a.membershipId, credentialId: a.sessionId },
    });
    expect(renamed!.createdAt.getTime()).toBeGreaterThan(before - 60_000);
    expect(listed).toMatchObject({ position: 2, aggregate: null, data: {}, metadata: {}, tags: [], causationId: null });
    expect(appended).toMatchObject({ position: 2, events: [{ aggregateVersion: 1 }, { aggregateVersion: null }] });
  });

  test('of the system, or of an API key, says so', async () => {
    const { store, as, a } = world;
    await as(a, (cx) => store.append({ ...cx, principal: null }, [{ type: 'KEY.EXPIRED' }]));
    await as(a, (cx) => store.append({ ...cx, principal: { ...principalOf(a), kind: 'apiKey' } }, [{ type: 'KEY.USED' }]));
    const [expired, used] = (await read()).events;
    expect(expired).toMatchObject({ source: 'system', actor: { kind: 'system', userId: null, membershipId: null, credentialId: null } });
    expect(used).toMatchObject({ source: 'api', actor: { kind: 'apiKey', userId: a.userId } });
  });

  test('is written down whatever a caller says about itself', async () => {
    const { store, as, a } = world;
    const origin = { ip: 'fe80::1%eth0', userAgent: `\0\ud800${'x'.repeat(600)}`, correlationId: '' };
    await as(a, (cx) => store.append({ ...cx, origin }, [{ type: 'KEY.USED' }]));
    await as(a, (cx) => store.append({ ...cx, origin: { ip: 'no address' } }, [{ type: 'KEY.USED' }]));
    const [first, second] = (await read()).events;
    expect(first).toMatchObject({ ip: 'fe80::1', correlationId: null });
    expect(first!.userAgent).toHaveLength(500);
    expect(second).toMatchObject({ ip: null });
  });

  test('counts the versions of its aggregate, apart from others of the same id or type', async () => {
    const [x, y] = world.a.workflowIds as [string, string];
    const of = (type: string, id: string): NewEvent => ({ type: 'THING.CHANGED', aggregate: { type, id } });
    const first = await append([of('Workflow', x), of('Workflow', y), of('Workflow', x), of('Schedule', x)]);
    const second = await append([of('Workflow', x)]);
    expect(first.events.map(({ aggregateVersion }) => aggregateVersion)).toEqual([1, 1, 2, 1]);
    expect(second.events.map(({ aggregateVersion }) => aggregateVersion)).toEqual([3]);
  });
});

describe('refused with the field that is wrong, and nothing is stored', () => {
  const good: NewEvent = { type: 'SEAT.TAKEN' };
  const deep = (levels: number): object => (levels === 0 ? {} : { deeper: deep(levels - 1) });
  test.each<[string, unknown, unknown, string]>([
    ['no events', [], {}, 'events'],
    ['more than 1,000 events', Array.from({ length: 1_001 }, () => good), {}, 'events'],
    ['a type in small letters', [good, { type: 'seat.taken' }], {}, 'events.1.type'],
    ['a type without a verb', [{ type: 'SEAT' }], {}, 'events.0.type'],
    ['a type with two verbs', [{ type: 'SEAT.TAKEN.TWICE' }], {}, 'events.0.type'],
    ['a type that is too long', [{ type: `SEAT.${'X'.repeat(51)}` }], {}, 'events.0.type'],
    ['a tag with a space', [{ ...good, tags: ['seat 1'] }], {}, 'events.0.tags.0'],
    ['an empty tag', [{ ...good, tags: [''] }], {}, 'events.0.tags.0'],
    ['a tag that is too long', [{ ...good, tags: ['x'.repeat(201)] }], {}, 'events.0.tags.0'],
    ['a tag with a NUL', [{ ...good, tags: ['a\0b'] }], {}, 'events.0.tags.0'],
    ['more than 20 tags', [{ ...good, tags: Array.from({ length: 21 }, (_, n) => `seat:${n}`) }], {}, 'events.0.tags'],
    ['data that is no object', [{ ...good, data: [1] }], {}, 'events.0.data'],
    ['data of more than 64 kB', [{ ...good, data: { x: 'x'.repeat(65_536) } }], {}, 'events.0.data'],
    ['data that is too deep', [{ ...good, data: deep(40) }], {}, 'events.0.data'],
    ['metadata with a NUL', [{ ...good, metadata: { x: '\0' } }], {}, 'events.0.metadata'],
    ['more than 8 MB together', Array.from({ length: 200 }, () => ({ ...good, data: { x: 'x'.repeat(60_000) } })), {}, 'events'],
    ['an aggregate whose id is no UUID', [{ ...good, aggregate: { type: 'Seat', id: '1' } }], {}, 'events.0.aggregate.id'],
    ['a field that does not exist', [{ ...good, position: 5 }], {}, 'events.0.position'],
    ['a condition without items', [good], { failIfEventsMatch: [] }, 'failIfEventsMatch'],
    ['a condition of an unknown field', [good], { failIfEventsMatch: [{ type: 'SEAT.TAKEN' }] }, 'failIfEventsMatch.0.type'],
    ['a negative position', [good], { failIfEventsMatch: EVERY_EVENT, after: -1 }, 'after'],
    ['a position without a condition', [good], { after: 1 }, 'after'],
  ])('%s', async (_what, events, condition, path) => {
    const failure: unknown = await append(events as NewEvent[], condition as object).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ValidationError);
    expect((failure as ValidationError).fields.map((field) => field.path.join('.'))).toEqual([path]);
    expect((await read()).head).toBe(0);
  });

  test('a read of no items, of too many, and a page of none or too many', async () => {
    await expect(read([])).rejects.toThrow('query: must have 1 or more entries');
    await expect(read(Array.from({ length: 21 }, () => ({})))).rejects.toThrow('query: must have 20 or less entries');
    await expect(read(EVERY_EVENT, { limit: 0 })).rejects.toThrow('limit');
    await expect(read(EVERY_EVENT, { limit: 1_001 })).rejects.toThrow('limit');
  });

  const whole = { type: 'SEAT.TAKEN', data: {}, metadata: {}, tags: ['seat:1'], actorKind: 'system', source: 'system' };
  test.each<[string, object]>([
    ['another type', { type: 'nonsense' }],
    ['a type that is too long', { type: `SEAT.${'X'.repeat(51)}` }],
    ['no type', { type: null }],
    ['data that is no object', { data: [] }],
    ['no data', { data: undefined }],
    ['metadata that is no object', { metadata: 'text' }],
    ['a tag with a space', { tags: ['seat 1'] }],
    ['a tag that is too long', { tags: ['x'.repeat(201)] }],
    ['half an aggregate', { aggregateType: 'Seat' }],
    ['an unknown kind of actor', { actorKind: 'ghost' }],
    ['a person who is nobody', { actorKind: 'user' }],
    ['a system that is somebody', { actorUserId: '00000000-0000-0000-0000-000000000000' }],
    ['an unknown source', { source: 'nowhere' }],
  ])('by the database too, with all others of the append: %s', async (_what, wrong) => {
    const direct = (events: object[]) =>
      world.as(world.a, ({ db }) => db.$queryRaw`SELECT * FROM events.append(${JSON.stringify(events)}::jsonb, NULL, 0)`);
    await expect(direct([whole, { ...whole, ...wrong }])).rejects.toThrow(/_check|null value/);
    expect(await read()).toMatchObject({ events: [], head: 0 });
    expect(await direct([whole])).toHaveLength(1);
  });
});

describe('a condition', () => {
  beforeEach(() => append([{ type: 'SEAT.TAKEN', tags: ['seat:1'] }, { type: 'SEAT.TAKEN', tags: ['seat:2'] }, { type: 'SEAT.LEFT', tags: ['seat:1'] }]));

  test('that something matches is refused with the first position of all its items', async () => {
    const failIfEventsMatch = [{ types: ['SEAT.LEFT'] }, { tags: ['seat:2'] }];
    const failure = await append([{ type: 'SEAT.TAKEN' }], { failIfEventsMatch }).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(AppendConditionFailedError);
    expect(failure).toMatchObject({ code: 'APPEND_CONDITION_FAILED', position: 2 });
    expect((await read()).head).toBe(3);
  });

  test('looks after its position only', async () => {
    const failIfEventsMatch = [{ tags: ['seat:1'] }];
    await expect(append([{ type: 'SEAT.TAKEN' }], { failIfEventsMatch, after: 2 })).rejects.toMatchObject({ position: 3 });
    expect(await append([{ type: 'SEAT.TAKEN' }], { failIfEventsMatch, after: 3 })).toMatchObject({ position: 4 });
  });

  test('of two who read the same and append both, exactly one is kept', async () => {
    const { head } = await read();
    const condition = { failIfEventsMatch: [{ tags: ['seat:1'] }], after: head };
    const outcomes = await Promise.allSettled([1, 2].map(() => append([{ type: 'SEAT.TAKEN', tags: ['seat:1'] }], condition)));
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    expect(outcomes.find(({ status }) => status === 'rejected')).toMatchObject({ reason: { position: 4 } });
  });
});

describe('many appends of one process to one log at once', () => {
  const statements = async <Result>(work: () => Promise<Result>) => {
    let sent = 0;
    const stop = world.access.pool.observe(({ text }) => void (sent += text.includes('FROM events.append') ? 1 : 0));
    const result = await work();
    stop();
    return { result, sent };
  };
  const seat = (number: number): NewEvent => ({ type: 'SEAT.TAKEN', tags: [`seat:${number}`], data: { number } });

  test('are sent together, each with its own condition, which sees those before it', async () => {
    const { result, sent } = await statements(() =>
      Promise.allSettled(Array.from({ length: 120 }, (_, index) => append([seat(index % 60)], { failIfEventsMatch: [{ tags: [`seat:${index % 60}`] }] }))),
    );
    expect(result.map(({ status }) => status)).toEqual([...Array(60).fill('fulfilled'), ...Array(60).fill('rejected')]);
    // The first alone, and the others by fifty.
    expect(sent).toBe(1 + 3);
    const { events, head } = await read(EVERY_EVENT, { limit: 1_000 });
    expect(head).toBe(60);
    for (const [index, outcome] of result.entries()) {
      const { position } = events.find(({ data }) => data['number'] === index % 60)!;
      if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'APPEND_CONDITION_FAILED', position });
      else expect(outcome.value).toMatchObject({ position, events: [{ id: events[position - 1]!.id, position }] });
    }
  });

  test('are told who acts in each, and stay in their own organization', async () => {
    const { store, as, a, b } = world;
    const both = [a, b, a, b, a, b, a, b].map((tenant) => as(tenant, (cx) => store.append(cx, [{ type: 'SEAT.TAKEN' }])));
    await Promise.all(both);
    for (const tenant of [a, b]) {
      const { events } = await as(tenant, (cx) => store.read(cx, EVERY_EVENT));
      expect(events.map(({ actor }) => actor.userId)).toEqual(Array(4).fill(tenant.userId));
    }
  });

  test('of one that is no event, only that one is refused', async () => {
    const outcomes = await Promise.allSettled([append([seat(1)]), append([{ type: 'no event' }]), append([seat(2)])]);
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  });

  test('of one that the database refuses, only that one is refused', async () => {
    await world.sql(`ALTER TABLE events.events ADD CONSTRAINT no_ghosts CHECK (data ->> 'guest' IS DISTINCT FROM 'ghost')`);
    const guests = ['Olga', 'Ada', 'ghost', 'Tim'].map((guest) => append([{ type: 'SEAT.TAKEN', data: { guest } }]));
    const outcomes = await Promise.allSettled(guests);
    await world.sql('ALTER TABLE events.events DROP CONSTRAINT no_ghosts');
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    expect((await read()).events.map(({ position, data }) => [position, data['guest']])).toEqual([[1, 'Olga'], [2, 'Ada'], [3, 'Tim']]);
  });

  test('of one that takes too long, only that one fails', async () => {
    const hasty = await openEvents(world.database.runtimeUrl, { statementTimeoutMs: 1_000 });
    await world.sql(`ALTER TABLE events.events ADD CONSTRAINT slow CHECK (data ->> 'guest' IS DISTINCT FROM 'slow' OR pg_sleep(3) IS NOT NULL)`);
    const outcomes = await Promise.allSettled(
      ['Olga', 'Ada', 'slow', 'Tim'].map((guest) => hasty.as(world.a, (cx) => hasty.store.append(cx, [{ type: 'SEAT.TAKEN', data: { guest } }]))),
    );
    await world.sql('ALTER TABLE events.events DROP CONSTRAINT slow');
    await hasty.close();
    expect(outcomes.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
  });

  test('of more than may wait, those that come last are told to come again', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 2_005 }, (_, index) => append([seat(index)])));
    expect(outcomes.slice(0, 2_001).every(({ status }) => status === 'fulfilled')).toBe(true);
    for (const outcome of outcomes.slice(2_001)) expect(outcome).toMatchObject({ reason: { code: 'SERVICE_UNAVAILABLE' } });
  });

  test('that are large are sent a few at a time', async () => {
    const large: NewEvent = { type: 'SEAT.TAKEN', data: { note: 'x'.repeat(60_000) } };
    const many = Array.from({ length: 30 }, () => large);
    const { sent } = await statements(() => Promise.all(Array.from({ length: 7 }, () => append(many))));
    expect(sent).toBe(1 + 3);
    expect((await read()).head).toBe(210);
  });
});

describe('within a transaction of the caller', () => {
  test('an append is kept with it, and gone with it', async () => {
    const { store, as, a } = world;
    const change = (fail: boolean) =>
      as(a, (cx) =>
        cx.db.$transaction(async (tx) => {
          await tx.workflow.updateMany({ data: { description: fail ? 'undone' : 'kept' } });
          await store.append({ ...cx, db: tx }, [{ type: 'WORKFLOW.CHANGED' }]);
          if (fail) throw new Error('undone');
        }),
      );
    await expect(change(true)).rejects.toThrow('undone');
    expect((await read()).head).toBe(0);
    await change(false);
    expect((await read()).events.map(({ position }) => position)).toEqual([1]);
  });

  test('a refused condition takes the change with it', async () => {
    const { store, as, a } = world;
    await append([{ type: 'WORKFLOW.CHANGED' }]);
    const change = as(a, (cx) =>
      cx.db.$transaction(async (tx) => {
        await tx.workflow.updateMany({ data: { description: 'never' } });
        await store.append({ ...cx, db: tx }, [{ type: 'WORKFLOW.CHANGED' }], { failIfEventsMatch: EVERY_EVENT });
      }),
    );
    await expect(change).rejects.toBeInstanceOf(AppendConditionFailedError);
    expect(await world.sql(`SELECT 1 FROM workflow.workflows WHERE description = 'never'`)).toEqual([]);
  });
});

describe('a decision', () => {
  test('of many at once about the same seat is made by one, and the others see it', async () => {
    const { store, as, a } = world;
    const seat = [{ tags: ['seat:7'] }];
    const take = (guest: number) =>
      as(a, (cx) =>
        store.decide(cx, seat, (events) => (events.length > 0 ? [] : [{ type: 'SEAT.TAKEN', tags: ['seat:7'], data: { guest } }])),
      );
    const outcomes = await Promise.all(Array.from({ length: 12 }, (_, guest) => take(guest)));
    expect(outcomes.filter((outcome) => outcome !== null)).toHaveLength(1);
    expect((await read(seat)).events).toHaveLength(1);
  });

  test('sees all that matches, on as many pages as it takes', async () => {
    const { store, as, a } = world;
    await append(Array.from({ length: 1_000 }, () => ({ type: 'SEAT.TAKEN', tags: ['seat:1'] })));
    await append([{ type: 'SEAT.TAKEN', tags: ['seat:1'] }, { type: 'SEAT.TAKEN' }]);
    let seen = 0;
    await as(a, (cx) =>
      store.decide(cx, [{ tags: ['seat:1'] }], (events) => {
        seen = events.length;
        return [];
      }),
    );
    expect(seen).toBe(1_001);
  });

  test('that is overtaken each time is given up after ten attempts, with the position', async () => {
    const { store, as, a } = world;
    let attempts = 0;
    const overtaken = as(a, (cx) =>
      store.decide(cx, EVERY_EVENT, async () => {
        attempts += 1;
        await append([{ type: 'SEAT.LEFT' }]);
        return [{ type: 'SEAT.TAKEN' }];
      }),
    );
    await expect(overtaken).rejects.toMatchObject({ code: 'APPEND_CONDITION_FAILED', position: 10 });
    expect(attempts).toBe(10);
  });

  test('that throws appends nothing', async () => {
    const { store, as, a } = world;
    const refused = as(a, (cx) =>
      store.decide(cx, EVERY_EVENT, () => {
        throw new Error('the seat is taken');
      }),
    );
    await expect(refused).rejects.toThrow('the seat is taken');
    expect((await read()).head).toBe(0);
  });
});

test('an append whose answer is lost is told as one of which nobody knows', async () => {
  const proxy = await startProxy(world.database.runtimeUrl);
  const opened = await openEvents(proxy.url, { listenUrl: world.database.runtimeUrl });
  try {
    await opened.as(world.a, (cx) => opened.store.read(cx, EVERY_EVENT));
    proxy.swallow('events.append');
    const lost = opened.as(world.a, (cx) => opened.store.append(cx, [{ type: 'SEAT.TAKEN' }])).catch((error: unknown) => error);
    await expect.poll(() => proxy.swallowed()).toBe(1);
    await proxy.cut();
    expect(isOutcomeUnknown(await lost)).toBe(true);
  } finally {
    await proxy.cut();
    await opened.close();
  }
});
