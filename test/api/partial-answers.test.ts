import { isNonNullType } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';

let api: TestApp;
let world: World;

beforeAll(async () => {
  api = await startTestApp();
  world = await seedWorld(api, 'partial', (await appointOperator(api)).userId);
});
afterAll(() => api.close());

describe('a root field that fails takes nothing else along', () => {
  test('no field of Query or Mutation is non-null', () => {
    const roots = [schema.getQueryType()!, schema.getMutationType()!];
    const nonNull = roots.flatMap((type) => Object.values(type.getFields()).filter(({ type: of }) => isNonNullType(of)));
    expect(nonNull.map(({ name }) => name)).toEqual([]);
  });

  test('a list that the caller may not see leaves the answers of its siblings', async () => {
    const source = '{ members { totalCount } workflows { totalCount } organization { name } }';
    const { data, errors } = await api.call(source, {}, { as: world.keys.customer });
    expect(data).toEqual({ members: null, workflows: { totalCount: 3 }, organization: { name: 'Organization partial' } });
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['members'], 'FORBIDDEN']]);
  });

  test('an unknown id among known ones leaves the known ones', async () => {
    const unknown = `${world.workflowIds[0]!.slice(0, -4)}0000`;
    const { data, errors } = await api.call('query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', { ids: [world.workflowIds[0], unknown] }, { as: world.keys.viewer });
    expect(data).toEqual({ nodes: [{ id: world.workflowIds[0] }, null] });
    expect(errors?.map(({ path, extensions }) => [path, extensions.code])).toEqual([[['nodes', 1], 'NOT_FOUND']]);
  });
});
