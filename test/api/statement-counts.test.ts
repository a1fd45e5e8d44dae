import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startProxy } from '../isolation/proxy.ts';
import { seedOrganizations, type SeededOrganization } from '../harness/seeded.ts';

let testApp: TestApp;
let organization: SeededOrganization;

beforeAll(async () => {
  testApp = await startTestApp({ environment: { COST_LIMIT: '10000' } });
  [organization] = (await seedOrganizations(testApp.database, [{ workflows: 120, tasks: 3 }])) as [SeededOrganization];
  // The first request of a key looks it up; all others are about the requests that follow.
  await call('{ viewer { organization { id } } }');
});
afterAll(() => testApp.close());

const call = async (document: string, variables: Record<string, unknown> = {}) => {
  const { data, errors } = await testApp.call(document, variables, { as: organization.apiKey });
  expect(errors).toBeUndefined();
  return data;
};

const isScope = (text: string): boolean => text.startsWith("select set_config('app.current_org_id'");

/** What a document answers, and what it cost: statements besides those that say for whom, and round trips. */
const costOf = async (document: string, variables: Record<string, unknown> = {}) => {
  const { result: data, statements } = await testApp.statementsOf(() => call(document, variables));
  const roundTrips = new Map<number, string[]>();
  for (const { text, roundTrip } of statements) roundTrips.set(roundTrip, [...(roundTrips.get(roundTrip) ?? []), text]);
  // Whatever was sent, its scope went first and with it.
  for (const texts of roundTrips.values()) expect(isScope(texts[0]!)).toBe(true);
  return { data, cost: { statements: statements.filter(({ text }) => !isScope(text)).length, roundTrips: roundTrips.size } };
};

const once = { statements: 1, roundTrips: 1 };
const twice = { statements: 2, roundTrips: 2 };

const TASKS = 'tasks(first: 5) { edges { node { id key type } } }';

describe.each([1, 20, 100])('a list of %i workflows', (first) => {
  const list = (fields: string): string => `{ workflows(first: ${first}) { edges { node { ${fields} } } } }`;

  test('is one statement', async () => {
    const { data, cost } = await costOf(list('id name status'));
    expect(data.workflows.edges).toHaveLength(first);
    expect(cost).toEqual(once);
  });

  test('with two relations is still one statement and one round trip', async () => {
    const { data, cost } = await costOf(list(`id name ${TASKS} createdBy { id email }`));
    expect(data.workflows.edges).toHaveLength(first);
    for (const { node } of data.workflows.edges) {
      expect(node.tasks.edges).toHaveLength(3);
      expect(node.createdBy.email).toContain(organization.slug);
    }
    expect(cost).toEqual(once);
  });

  test('with every relation, three levels deep, is still one statement', async () => {
    const runs = 'executions(first: 5) { edges { node { id triggeredBy { id } schedule { id } tasks(first: 5) { edges { node { id taskKey } } } } } }';
    const { cost } = await costOf(list(`id ${TASKS} createdBy { id } schedules(first: 5) { edges { node { id cron } } } versions(first: 5) { edges { node { id createdBy { email } } } } ${runs}`));
    expect(cost).toEqual(once);
  });

  test('with the total count is one statement more', async () => {
    const { data, cost } = await costOf(`{ workflows(first: ${first}) { totalCount edges { node { id ${TASKS} } } } }`);
    expect(data.workflows.totalCount).toBe(120);
    expect(cost).toEqual(twice);
  });

  test('with the total count of the tasks of each is one statement more for all of them', async () => {
    const { data, cost } = await costOf(list('id tasks(first: 1) { totalCount edges { node { id } } }'));
    for (const { node } of data.workflows.edges) expect(node.tasks.totalCount).toBe(3);
    expect(cost).toEqual(twice);
  });

  test('with the total counts of two relations is two statements more', async () => {
    const { cost } = await costOf(list('id tasks(first: 1) { totalCount } versions(first: 1) { totalCount }'));
    expect(cost.statements).toBe(3);
  });
});

test('one relation twice, with different arguments, does not cost a statement for each row', async () => {
  const document = (first: number): string =>
    `{ workflows(first: ${first}) { edges { node { id head: tasks(first: 1) { edges { node { key } } } tail: tasks(last: 2) { edges { node { key } } } } } } }`;
  const { data, cost } = await costOf(document(20));
  for (const { node } of data.workflows.edges) {
    expect(node.head.edges.map((edge: { node: { key: string } }) => edge.node.key)).toEqual(['fetch']);
    expect(node.tail.edges.map((edge: { node: { key: string } }) => edge.node.key)).toEqual(['each', 'decide']);
  }
  expect(cost.statements).toBeLessThanOrEqual(2);
  expect((await costOf(document(100))).cost).toEqual(cost);
});

test('a workflow by its id is one statement, with its relations too', async () => {
  const { data } = await costOf('{ workflows(first: 1) { edges { node { id } } } }');
  const { id } = data.workflows.edges[0].node;
  expect((await costOf('query ($id: ID!) { workflow(id: $id) { id name } }', { id })).cost).toEqual(once);
  expect((await costOf(`query ($id: ID!) { workflow(id: $id) { id ${TASKS} createdBy { email } } }`, { id })).cost).toEqual(once);
  expect((await costOf('query ($id: ID!) { node(id: $id) { id } }', { id })).cost).toEqual(once);
});

test('nodes of mixed types are one statement for each type', async () => {
  const { data } = await costOf(`{ members(first: 5) { edges { node { id } } } workflows(first: 10) { edges { node { id ${TASKS} } } } }`);
  type Edge = { node: { id: string; tasks?: { edges: Edge[] } } };
  const [members, workflows] = [data.members.edges as Edge[], data.workflows.edges as Edge[]];
  const tasks = workflows.flatMap(({ node }) => node.tasks!.edges);
  const ids = [...tasks, ...workflows, ...members].map(({ node }) => node.id);
  const mixed = ids.filter((_, place) => place % 2 === 0).concat(ids.filter((_, place) => place % 2 === 1));
  const { data: found, cost } = await costOf('query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }', { ids: mixed });
  expect(found.nodes.map(({ id }: { id: string }) => id)).toEqual(mixed);
  expect(cost.statements).toBe(3);
});

test('several lists in one request are one statement each', async () => {
  const { cost } = await costOf(`{ a: workflows(first: 20) { edges { node { id ${TASKS} } } } b: workflows(last: 20) { edges { node { id } } } members { edges { node { id } } } }`);
  expect(cost.statements).toBe(3);
});

test('the caller is known without asking the database: a warm key adds no statement and no round trip', async () => {
  const { cost } = await costOf('{ viewer { permissions } }');
  expect(cost).toEqual({ statements: 0, roundTrips: 0 });
});

describe('a key that this process has not seen lately', () => {
  const VIEWER = '{ viewer { permissions organizations { name slug } } }';

  /** What two requests cost, one after the other, which ask nothing but who the key is. */
  const costsIn = async (app: TestApp) => {
    const costs = [];
    for (let request = 0; request < 2; request += 1) {
      const { result, statements } = await app.statementsOf(() => app.call(VIEWER, {}, { as: organization.apiKey }));
      expect(result.data.viewer.organizations).toMatchObject([{ slug: organization.slug }]);
      // That the key is used for the first time in an hour is written when it was answered.
      const written = new Set(statements.filter(({ text }) => /events\./.test(text)).map(({ roundTrip }) => roundTrip));
      const sent = statements.filter(({ text, roundTrip }) => !isScope(text) && !written.has(roundTrip));
      expect(sent.map(({ text }) => text)).toEqual(sent.map(() => expect.stringContaining('iam.find_api_key')));
      costs.push({ statements: sent.length, roundTrips: new Set(sent.map(({ roundTrip }) => roundTrip)).size });
    }
    return costs;
  };

  test('costs one statement and one round trip, and the next request none', async () => {
    const fresh = await startTestApp({ database: testApp.database });
    expect(await costsIn(fresh)).toEqual([once, { statements: 0, roundTrips: 0 }]);
    await fresh.close();
  });

  test('costs no more for each request while the process cannot hear of changes', async () => {
    const proxy = await startProxy(testApp.database.runtimeUrl);
    const deaf = await startTestApp({ database: testApp.database, listenUrl: proxy.url });
    await proxy.cut();
    await expect.poll(() => deaf.app.accessFeed.isListening(), { timeout: 30_000 }).toBe(false);
    expect(await costsIn(deaf)).toEqual([once, once]);
    await deaf.close();
    await proxy.close();
  });
});
