import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';

// The log as callers have it. Roles: a member reads and appends, an admin sees the audit besides, a viewer neither.

let api: TestApp;
let operatorId: string;
let world: World;
let other: World;
/** Where the log ended when the test began. */
let start: number;

beforeAll(async () => {
  api = await startTestApp();
  operatorId = (await appointOperator(api)).userId;
  world = await seedWorld(api, 'acme', operatorId, 2);
  other = await seedWorld(api, 'other', operatorId, 1);
});
afterAll(() => api?.close());
beforeEach(async () => {
  start = (await ask('{ events(first: 1) { head } }')).data.events.head;
});

type Role = keyof World['keys'];

const ask = (query: string, variables: Record<string, unknown> = {}, role: Role = 'member', of = world) =>
  api.call(query, variables, { as: of.keys[role] });

const APPEND = `mutation ($input: AppendEventsInput!) { appendEvents(input: $input) { __typename
  ... on AppendEventsSuccess { position events { id position type data metadata tags causationId correlationId source aggregate { type id version } actor { kind memberId apiKeyId } } }
  ... on AppendConditionFailedError { position }
  ... on Error { code message } ... on ValidationError { fields { path message } } } }`;

const append = async (events: object[], more: object = {}, role: Role = 'member', of = world) => {
  const { data, errors } = await ask(APPEND, { input: { events, ...more } }, role, of);
  expect(errors).toBeUndefined();
  return data.appendEvents;
};

const LOG = `query ($query: [EventQueryItem!], $after: String, $afterPosition: Position, $first: Int) {
  events(query: $query, after: $after, afterPosition: $afterPosition, first: $first) {
    edges { cursor node { position type tags } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } head } }`;

/** What was appended since the test began, unless told. */
const log = async (variables: Record<string, unknown> = {}, role: Role = 'member', of = world) => {
  const begin = 'after' in variables || of !== world ? {} : { afterPosition: start };
  const { data, errors } = await ask(LOG, { ...begin, ...variables }, role, of);
  expect(errors).toBeUndefined();
  return data.events;
};

const typesIn = (connection: { edges: { node: { type: string } }[] }): string[] => connection.edges.map(({ node }) => node.type);
const codeOf = ({ errors }: { errors?: { extensions: { code: string } }[] | undefined }) => errors?.[0]?.extensions.code;

describe('appendEvents', () => {
  test('answers the events as they lie in the log, with who appended them', async () => {
    const id = '0198f0c2-0000-7000-8000-000000000001';
    const event = { type: 'INVOICE.PAID', data: { amount: 3, then: 'x' }, metadata: { schema: 2 }, tags: ['invoice:42', 'customer:7'], causationId: 'import' };
    const appended = await append([{ ...event, aggregate: { type: 'invoice', id } }, { type: 'INVOICE.SENT' }]);
    expect(appended).toMatchObject({
      __typename: 'AppendEventsSuccess',
      events: [
        {
          ...event,
          tags: ['customer:7', 'invoice:42'],
          aggregate: { type: 'invoice', id, version: 1 },
          source: 'API',
          actor: { kind: 'API_KEY', memberId: world.members.member, apiKeyId: expect.stringMatching(/^key_/) },
        },
        { type: 'INVOICE.SENT', data: {}, metadata: {}, tags: [], causationId: null, aggregate: null },
      ],
    });
    const [first, second] = appended.events;
    expect([second.position, appended.position]).toEqual([first.position + 1, first.position + 1]);
    expect(second.correlationId).toBe(first.correlationId);
  });

  test('refuses what was decided on too little, with the position of what was missed', async () => {
    const query = [{ tags: ['seat:1'] }];
    const { head } = await log({ query });
    const { position } = await append([{ type: 'SEAT.TAKEN', tags: ['seat:1'] }]);
    const late = { failIfEventsMatch: query, after: head };
    expect(await append([{ type: 'SEAT.TAKEN', tags: ['seat:1'] }], late)).toMatchObject({
      __typename: 'AppendConditionFailedError',
      code: 'APPEND_CONDITION_FAILED',
      position,
      message: expect.stringContaining(String(position)),
    });
    expect((await log({ query })).edges).toHaveLength(1);
    expect(await append([{ type: 'SEAT.LEFT', tags: ['seat:1'] }], { ...late, after: position })).toMatchObject({ __typename: 'AppendEventsSuccess' });
  });

  test('of a repetition with the same key appends nothing, of another input with it is a conflict', async () => {
    const once = { idempotencyKey: 'k-1' };
    const first = await append([{ type: 'NOTE.WRITTEN' }], once);
    expect(await append([{ type: 'NOTE.WRITTEN' }], once)).toEqual(first);
    expect(await append([{ type: 'NOTE.ERASED' }], once)).toMatchObject({ code: 'CONFLICT' });
    expect(typesIn(await log())).toEqual(['NOTE.WRITTEN']);
  });

  test('that failed its condition may be tried again with the same key', async () => {
    const query = [{ types: ['SEAT.TAKEN'] }];
    const { position } = await append([{ type: 'SEAT.TAKEN' }]);
    const once = { idempotencyKey: 'k-2', failIfEventsMatch: query, after: start };
    expect(await append([{ type: 'SEAT.TAKEN' }], once)).toMatchObject({ code: 'APPEND_CONDITION_FAILED', position });
    expect(await append([{ type: 'SEAT.TAKEN' }], { ...once, after: position })).toMatchObject({ __typename: 'AppendEventsSuccess' });
  });

  test.each<[string, object[], object, string[]]>([
    ['a kind of event that is the server’s', [{ type: 'NOTE.WRITTEN' }, { type: 'MEMBER.REMOVED' }], {}, ['events', '1', 'type']],
    ['a thing that the server counts', [{ type: 'NOTE.WRITTEN', aggregate: { type: 'workflow', id: '0198f0c2-0000-7000-8000-000000000001' } }], {}, ['events', '0', 'aggregate', 'type']],
    ['the same in other letters', [{ type: 'NOTE.WRITTEN', aggregate: { type: 'ApiKey', id: '0198f0c2-0000-7000-8000-000000000001' } }], {}, ['events', '0', 'aggregate', 'type']],
    ['the same with spaces around it', [{ type: 'NOTE.WRITTEN', aggregate: { type: ' workflow ', id: '0198f0c2-0000-7000-8000-000000000001' } }], {}, ['events', '0', 'aggregate', 'type']],
    ['the same in wide letters', [{ type: 'NOTE.WRITTEN', aggregate: { type: 'ｗｏｒｋｆｌｏｗ', id: '0198f0c2-0000-7000-8000-000000000001' } }], {}, ['events', '0', 'aggregate', 'type']],
    ['the same with a character that nobody sees', [{ type: 'NOTE.WRITTEN', aggregate: { type: 'workflow\u200b', id: '0198f0c2-0000-7000-8000-000000000001' } }], {}, ['events', '0', 'aggregate', 'type']],
    ['what somebody did', [{ type: 'MEMBERS.REMOVED' }, { type: 'MEMBERS.REMOVED', tags: ['note', 'actor:mem_01k2'] }], {}, ['events', '1', 'tags']],
    ['what the operator did', [{ type: 'NOTE.WRITTEN', tags: [' Actor:operator'] }], {}, ['events', '0', 'tags']],
    ['the same with a wide colon', [{ type: 'NOTE.WRITTEN', tags: ['actor\uff1aoperator'] }], {}, ['events', '0', 'tags']],
    ...['\u200b', '\u2060', '\ufeff', '\u00ad', '\u3164', '\ufe0f', '\u{e0041}', '\u202e'].map(
      (unseen): [string, object[], object, string[]] =>
        [`a tag with the unseen ${unseen.codePointAt(0)!.toString(16)}`, [{ type: 'NOTE.WRITTEN', tags: [`a${unseen}ctor:operator`] }], {}, ['events', '0', 'tags', '0']],
    ),
    ['no type', [{ type: 'nonsense' }], {}, ['events', '0', 'type']],
    ['data that is no object', [{ type: 'NOTE.WRITTEN', data: [1] }], {}, ['events', '0', 'data']],
    ['nothing', [], {}, ['events']],
    ['too many', Array.from({ length: 101 }, () => ({ type: 'NOTE.WRITTEN' })), {}, ['events']],
    ['a position without a condition', [{ type: 'NOTE.WRITTEN' }], { after: 1 }, ['after']],
    ['a condition that is none', [{ type: 'NOTE.WRITTEN' }], { failIfEventsMatch: [] }, ['failIfEventsMatch']],
  ])('refuses %s, and appends nothing', async (_what, events, more, path) => {
    expect(await append(events, more)).toMatchObject({ code: 'VALIDATION_FAILED', fields: [{ path }] });
    expect((await log()).edges).toEqual([]);
  });

  test('takes what is said to be the end of a list as large as it may be', async () => {
    const { events } = await append(Array.from({ length: 100 }, (_, number) => ({ type: 'NOTE.WRITTEN', data: { number } })));
    expect(events.map(({ data }: { data: { number: number } }) => data.number)).toEqual(Array.from({ length: 100 }, (_, number) => number));
  });

  test('takes no position that a number cannot hold exactly', async () => {
    for (const after of [-1, 1.5, '1', 2 ** 53]) {
      const refused = await ask(APPEND, { input: { events: [{ type: 'NOTE.WRITTEN' }], failIfEventsMatch: [{}], after } });
      expect([after, codeOf(refused)]).toEqual([after, 'VALIDATION_FAILED']);
    }
    expect((await ask('{ events(afterPosition: 4294967296) { head edges { cursor } } }')).data.events.edges).toEqual([]);
  });
});

describe('events', () => {
  beforeEach(async () => {
    await append(Array.from({ length: 7 }, (_, index) => ({ type: index % 2 ? 'SEAT.LEFT' : 'SEAT.TAKEN', tags: [`seat:${index}`] })));
  });

  test('are paged in their order, each once', async () => {
    const seen: string[] = [];
    const first = (await log({ first: 1 })).edges[0];
    const seats = [{ types: ['SEAT.TAKEN', 'SEAT.LEFT'] }];
    let after: string | null = (await log({ query: seats, first: 1, afterPosition: first.node.position - 1 })).pageInfo.endCursor;
    seen.push('seat:0');
    for (let pages = 1; ; pages += 1) {
      const page: any = await log({ query: seats, first: 3, after });
      seen.push(...page.edges.map((edge: any) => edge.node.tags[0]));
      expect(page.pageInfo).toEqual({ hasNextPage: pages < 2, hasPreviousPage: true, startCursor: page.edges[0].cursor, endCursor: page.edges.at(-1).cursor });
      if (!page.pageInfo.hasNextPage) break;
      after = page.pageInfo.endCursor;
    }
    expect(seen).toEqual(Array.from({ length: 7 }, (_, index) => `seat:${index}`));
  });

  test('are found by types and tags, and from a position on', async () => {
    const [first] = (await log({ first: 1 })).edges;
    const afterPosition = first.node.position;
    expect(typesIn(await log({ query: [{ types: ['SEAT.LEFT'] }] }))).toEqual(['SEAT.LEFT', 'SEAT.LEFT', 'SEAT.LEFT']);
    expect((await log({ query: [{ tags: ['seat:0'] }, { types: ['SEAT.TAKEN'], tags: ['seat:4'] }] })).edges).toHaveLength(2);
    expect((await log({ query: [{ tags: ['seat:0'] }], afterPosition })).edges).toEqual([]);
    expect((await log({ afterPosition })).edges).toHaveLength(6);
    const all = await log({ query: [{ tags: ['seat:0'] }], after: null });
    expect([all.edges[0].node.position < afterPosition, all.pageInfo.hasPreviousPage]).toEqual([true, false]);
  });

  test('answer a head to decide on, whatever matches', async () => {
    const { head } = await log({ query: [{ tags: ['nobody'] }] });
    expect(head).toBe((await log()).edges.at(-1).node.position);
  });

  test.each([0, -1, 101])('are no page of %s', async (first) => {
    expect(codeOf(await ask(LOG, { first }))).toBe('VALIDATION_FAILED');
  });

  test('take no cursor of another query, of another organization, or of anybody’s making', async () => {
    const { endCursor } = (await log({ first: 1 })).pageInfo;
    await append([{ type: 'SEAT.TAKEN' }, { type: 'SEAT.TAKEN' }], {}, 'member', other);
    const foreign = (await log({ first: 1 }, 'member', other)).pageInfo.endCursor;
    for (const [after, query] of [[endCursor, [{ tags: ['seat:1'] }]], [foreign, null], ['AAAA', null], [`${endCursor}A`, null]]) {
      expect(codeOf(await ask(LOG, { after, query }))).toBe('VALIDATION_FAILED');
    }
    expect(codeOf(await ask(LOG, { after: endCursor, afterPosition: 1 }))).toBe('VALIDATION_FAILED');
  });

  test('cost as much as their page', async () => {
    const aliases = Array.from({ length: 15 }, (_, index) => `e${index}: events(first: 100) { edges { node { id data metadata } } }`);
    expect(codeOf(await ask(`{ ${aliases.join(' ')} }`))).toBe('QUERY_TOO_COMPLEX');
  });

  test('are one statement for a page', async () => {
    const whole = '{ events(first: 5) { head edges { node { id position type data metadata tags aggregate { type } actor { kind memberId } createdAt source } } } }';
    const { result, statements } = await api.statementsOf(() => ask(whole));
    expect(result.errors).toBeUndefined();
    expect(statements.filter(({ text }) => text.includes('events.'))).toHaveLength(1);
  });
});

describe('an event', () => {
  const EVENT = 'query ($id: ID!) { event(id: $id) { id position type } node(id: $id) { ... on Event { id type } } }';

  test('is found by its id', async () => {
    const [{ id, position }] = (await append([{ type: 'NOTE.WRITTEN' }])).events;
    expect((await ask(EVENT, { id })).data).toEqual({ event: { id, position, type: 'NOTE.WRITTEN' }, node: { id, type: 'NOTE.WRITTEN' } });
  });

  test('of another organization, of the audit, and one that never was are not found', async () => {
    const [{ id: foreign }] = (await append([{ type: 'NOTE.WRITTEN' }], {}, 'member', other)).events;
    const [audit] = (await ask('{ events(query: [{ types: ["WORKFLOW.CREATED"] }], first: 1) { edges { node { id } } } }', {}, 'admin')).data.events.edges;
    const ids = [foreign, audit.node.id, toGlobalId('Event', '0198f0c2-0000-7000-8000-000000000001'), 'evt_x', world.workflowIds[0]!];
    for (const id of ids) {
      const { data, errors } = await ask('query ($id: ID!) { event(id: $id) { id } }', { id });
      expect([data, errors?.map(({ message }) => message)]).toEqual([{ event: null }, ['Event not found.']]);
    }
    for (const id of ids.slice(0, 4)) {
      const { data, errors } = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [id] });
      expect([data, errors?.map(({ message }) => message)]).toEqual([{ nodes: [null] }, ['Node not found.']]);
    }
  });
});

describe('the audit', () => {
  const readings = async () => (await log({ query: [{ types: ['AUDIT.READ'] }], first: 100, afterPosition: 0 }, 'owner')).edges.length;

  test('is shown to those with audit:read alone, and takes nothing from what others see', async () => {
    await append([{ type: 'NOTE.WRITTEN', tags: ['note:1'] }]);
    expect(typesIn(await log())).toEqual(['NOTE.WRITTEN']);
    expect((await log({ first: 1 })).pageInfo.hasNextPage).toBe(false);
    const all = typesIn(await log({ first: 100, afterPosition: 0 }, 'admin'));
    expect(all).toEqual(expect.arrayContaining(['NOTE.WRITTEN', 'WORKFLOW.CREATED', 'MEMBER.ADDED']));
    expect(codeOf(await ask(LOG, { query: [{ types: ['NOTE.WRITTEN'] }, { types: ['MEMBER.ADDED'] }] }))).toBe('FORBIDDEN');
    expect(codeOf(await ask(LOG, {}, 'viewer'))).toBe('FORBIDDEN');
  });

  test('is no reason to refuse an append of somebody who may not see it', async () => {
    await ask('mutation ($id: ID!) { updateWorkflow(input: { id: $id, description: "New" }) { __typename } }', { id: world.workflowIds[0]! });
    const condition = { failIfEventsMatch: [{}, { tags: [`workflow:${world.workflowIds[0]!}`] }], after: start };
    expect(await append([{ type: 'NOTE.WRITTEN' }], condition, 'admin')).toMatchObject({ code: 'APPEND_CONDITION_FAILED' });
    expect(await append([{ type: 'NOTE.WRITTEN' }], condition)).toMatchObject({ __typename: 'AppendEventsSuccess' });
    const { data, errors } = await ask(APPEND, { input: { events: [{ type: 'NOTE.WRITTEN' }], failIfEventsMatch: [{ types: ['MEMBER.ADDED'] }] } });
    expect([data.appendEvents, codeOf({ errors })]).toEqual([null, 'FORBIDDEN']);
  });

  test('that was read says so, once for each thing that a request asks for, whichever way it was read', async () => {
    await append([{ type: 'NOTE.WRITTEN' }]);
    const before = await readings();
    await ask('{ a: events(first: 2) { head } b: events(first: 2) { head } organization { history { edges { cursor } } } }', {}, 'admin');
    expect(await readings()).toBe(before + 2);
    const [{ node }] = (await ask('{ events(query: [{ types: ["WORKFLOW.CREATED"] }], first: 1) { edges { node { id } } } }', {}, 'admin')).data.events.edges;
    expect(await readings()).toBe(before + 3);
    await ask('query ($id: ID!) { event(id: $id) { id } }', { id: node.id }, 'admin');
    expect(await readings()).toBe(before + 4);
    await ask('query ($id: ID!) { node(id: $id) { id } }', { id: node.id }, 'admin');
    expect(await readings()).toBe(before + 5);
  });

  test('that was read says everything that was asked for', async () => {
    const narrow = [{ types: ['WORKFLOW.CREATED'] }];
    const query = 'query ($narrow: [EventQueryItem!]) { a: events(query: $narrow, first: 1) { head } b: events(first: 1) { head } c: events(query: $narrow, first: 2) { head } }';
    expect((await ask(query, { narrow }, 'admin')).errors).toBeUndefined();
    expect(await saidSince(start)).toEqual([{ field: 'Query.events', after: 0 }, { field: 'Query.events', query: [{ types: ['WORKFLOW.CREATED'], tags: [] }], after: 0 }]);
  });

  /** What was written down of readings after a position, in any order. */
  const saidSince = async (after: number): Promise<object[]> => {
    const said = 'query ($after: Position) { events(query: [{ types: ["AUDIT.READ"] }], afterPosition: $after, first: 100) { edges { node { data } } } }';
    const { edges } = (await ask(said, { after }, 'owner')).data.events;
    const texts: string[] = edges.map(({ node }: { node: { data: object } }) => JSON.stringify(node.data));
    return texts.sort((left, right) => left.length - right.length).map((text) => JSON.parse(text) as object);
  };

  test('that was read says by which field, whose history, which event, and from where on', async () => {
    const tag = `workflow:${world.workflowIds[0]!}`;
    const first = (await ask('{ events(query: [{ types: ["WORKFLOW.CREATED"] }], first: 1, afterPosition: 1) { edges { cursor node { id position } } } }', {}, 'admin')).data.events.edges[0];
    const known = (await log({ first: 1, afterPosition: 9_007_199_254_740_991 })).head;
    await ask('query ($id: ID!) { event(id: $id) { id } node(id: $id) { id } nodes(ids: [$id]) { id } }', { id: first.node.id }, 'admin');
    await ask('query ($id: ID!) { workflow(id: $id) { history { edges { cursor } } } }', { id: world.workflowIds[0]! }, 'admin');
    await ask('query ($after: Position) { events(afterPosition: $after, first: 3) { head } }', { after: 2 }, 'admin');
    await append([{ type: 'NOTE.WRITTEN' }], { failIfEventsMatch: [{ tags: [tag] }], after: 1 }, 'admin');
    const said = await saidSince(known);
    expect(said).toHaveLength(5);
    expect(said).toEqual(
      expect.arrayContaining([
        { field: 'Query.event', ids: [first.node.id] },
        { field: 'Query.node', ids: [first.node.id] },
        { field: 'Workflow.history', tags: [tag], after: 0 },
        { field: 'Query.events', after: 2 },
        { field: 'Mutation.appendEvents', query: [{ types: [], tags: [tag] }], after: 1 },
      ]),
    );
  });

  test('is read by who is told by a condition that something is in it, and by no other', async () => {
    await append([{ type: 'NOTE.WRITTEN' }]);
    const before = await readings();
    const tell = (failIfEventsMatch: object[], role: Role) => append([{ type: 'NOTE.WRITTEN' }], { failIfEventsMatch, after: 0 }, role);
    expect(await tell([{ types: ['NOTE.WRITTEN'] }], 'admin')).toMatchObject({ code: 'APPEND_CONDITION_FAILED' });
    expect(await tell([{ types: ['MEMBER.LEFT'] }], 'admin')).toMatchObject({ __typename: 'AppendEventsSuccess' });
    expect(await tell([{}], 'member')).toMatchObject({ code: 'APPEND_CONDITION_FAILED' });
    expect(await readings()).toBe(before);
    expect(await tell([{ tags: [`workflow:${world.workflowIds[0]!}`] }], 'admin')).toMatchObject({ code: 'APPEND_CONDITION_FAILED' });
    expect(await readings()).toBe(before + 1);
    // Who has looked is told without an end otherwise: each answer would be the reason of the next one.
    expect(await tell([{ types: ['AUDIT.READ'] }], 'admin')).toMatchObject({ code: 'APPEND_CONDITION_FAILED' });
    expect(await readings()).toBe(before + 1);
  });

  test('is not read by who reads what applications wrote, nor by who looks at who has looked', async () => {
    await append([{ type: 'NOTE.WRITTEN' }]);
    const before = await readings();
    await log({ query: [{ types: ['NOTE.WRITTEN'] }] }, 'admin');
    await log();
    expect(await readings()).toBe(before);
  });

  test('holds the addresses that callers came from', async () => {
    const [{ id }] = (await append([{ type: 'NOTE.WRITTEN' }])).events;
    const query = 'query ($id: ID!) { event(id: $id) { type ip userAgent } }';
    const hidden = await ask(query, { id });
    expect(hidden).toMatchObject({ data: { event: { type: 'NOTE.WRITTEN', ip: null, userAgent: null } }, errors: [{ extensions: { code: 'FORBIDDEN' } }, { extensions: { code: 'FORBIDDEN' } }] });
    expect((await ask(query, { id }, 'admin')).errors).toBeUndefined();
  });
});

describe('a history', () => {
  const HISTORY = 'history(first: $first, after: $after) { edges { node { type tags actor { kind } } } pageInfo { hasNextPage endCursor } }';
  const ofWorkflow = (variables: Record<string, unknown>, role: Role = 'admin') =>
    ask(`query ($id: ID!, $first: Int, $after: String) { workflow(id: $id) { ${HISTORY} } }`, { id: world.workflowIds[1]!, ...variables }, role);

  test('has what happened to a workflow, in its order, a page at a time', async () => {
    for (const name of ['One', 'Two']) {
      await ask('mutation ($input: UpdateWorkflowInput!) { updateWorkflow(input: $input) { __typename } }', { input: { id: world.workflowIds[1]!, name } });
    }
    const first = (await ofWorkflow({ first: 2 })).data.workflow.history;
    expect([typesIn(first), first.pageInfo.hasNextPage]).toEqual([['WORKFLOW.CREATED', 'WORKFLOW.UPDATED'], true]);
    const second = (await ofWorkflow({ first: 2, after: first.pageInfo.endCursor })).data.workflow.history;
    expect([typesIn(second), second.pageInfo.hasNextPage]).toEqual([['WORKFLOW.UPDATED'], false]);
  });

  test('has what applications say of it, and for who sees no audit nothing else', async () => {
    await append([{ type: 'WORK.REVIEWED', tags: [`workflow:${world.workflowIds[1]!}`] }]);
    expect(typesIn((await ofWorkflow({})).data.workflow.history)).toEqual(['WORKFLOW.CREATED', 'WORKFLOW.UPDATED', 'WORKFLOW.UPDATED', 'WORK.REVIEWED']);
    expect(typesIn((await ofWorkflow({}, 'member')).data.workflow.history)).toEqual(['WORK.REVIEWED']);
    expect(codeOf(await ofWorkflow({}, 'viewer'))).toBe('FORBIDDEN');
  });

  test('of a schedule has what happened to it, and that of its workflow too', async () => {
    await ask('mutation ($id: ID!) { updateSchedule(input: { id: $id, enabled: false }) { __typename } }', { id: world.scheduleId }, 'admin');
    const { data } = await ask(`query ($id: ID!, $first: Int, $after: String) { node(id: $id) { ... on Schedule { ${HISTORY} workflow { ${HISTORY} } } } }`, { id: world.scheduleId }, 'admin');
    expect(typesIn(data.node.history)).toEqual(['SCHEDULE.CREATED', 'SCHEDULE.UPDATED']);
    expect(typesIn(data.node.workflow.history)).toEqual(expect.arrayContaining(['WORKFLOW.CREATED', 'SCHEDULE.CREATED', 'SCHEDULE.UPDATED']));
  });

  test('belongs to members, keys and the organization too, and is one statement for all rows of a list', async () => {
    const lists = 'members { edges { node { history(first: 5) { edges { node { type data } } } } } } apiKeys { edges { node { history(first: 5) { edges { node { type } } } } } } organization { history { edges { node { type } } } }';
    const { result, statements } = await api.statementsOf(() => ask(`{ ${lists} }`, {}, 'owner'));
    expect(result.errors).toBeUndefined();
    const { members, apiKeys, organization } = result.data;
    for (const { node } of members.edges) expect(typesIn(node.history)).toEqual(expect.arrayContaining([expect.stringMatching(/^(MEMBER|ORGANIZATION)\./)]));
    for (const { node } of apiKeys.edges) expect(typesIn(node.history)[0]).toMatch(/^(API_KEY|ORGANIZATION)\./);
    expect(typesIn(organization.history).length).toBeGreaterThan(0);
    expect(statements.filter(({ text }) => text.includes('askedTag'))).toHaveLength(3);
  });

  test('takes no cursor of another list', async () => {
    const { endCursor } = (await ofWorkflow({ first: 1 })).data.workflow.history.pageInfo;
    expect(codeOf(await ask(LOG, { after: endCursor }))).toBe('VALIDATION_FAILED');
    expect(codeOf(await ask('query ($after: String) { organization { history(after: $after) { edges { cursor } } } }', { after: endCursor }))).toBe('VALIDATION_FAILED');
  });
});
