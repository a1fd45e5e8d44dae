import { describe, expect, test } from 'vitest';
import { createLoaders, createTenantLoader } from './loaders.ts';

describe('a loader', () => {
  test('asks once for all keys of a tick, in their order, and again in another tick', async () => {
    const batches: string[][] = [];
    const loaders = createLoaders();
    const batch = async (orgId: string, keys: readonly string[]) => {
      batches.push([orgId, ...keys]);
      return keys.map((key) => `${key} of ${orgId}`);
    };
    const values = await Promise.all(['b', 'a', 'b'].map((key) => loaders.load('things', batch, 'one', key)));
    expect(values).toEqual(['b of one', 'a of one', 'b of one']);
    expect(batches).toEqual([['one', 'b', 'a', 'b']]);
    await loaders.load('things', batch, 'one', 'a');
    expect(batches[1]).toEqual(['one', 'a']);
  });

  test('refuses a batch whose keys are of several tenants', async () => {
    const loader = createTenantLoader(async (orgId, keys: readonly string[]) => keys.map(() => orgId));
    const both = await Promise.allSettled([loader.load({ orgId: 'one', key: 'x' }), loader.load({ orgId: 'two', key: 'x' })]);
    expect(both.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  test('answers the same key of two tenants apart', async () => {
    const loader = createTenantLoader(async (orgId, keys: readonly string[]) => keys.map((key) => `${key} of ${orgId}`));
    expect(await loader.load({ orgId: 'one', key: 'x' })).toBe('x of one');
    expect(await loader.load({ orgId: 'two', key: 'x' })).toBe('x of two');
  });

  test('remembers nothing: what is asked for again is loaded again', async () => {
    const batches: (readonly string[])[] = [];
    const loader = createTenantLoader(async (_orgId, keys: readonly string[]) => keys.map((key) => `${key} ${batches.push(keys)}`));
    const key = { orgId: 'one', key: 'x' };
    expect([await loader.load(key), await loader.load(key)]).toEqual(['x 1', 'x 2']);
  });

  test('of one request is not that of another', async () => {
    const batchOf = (request: string) => async (_orgId: string, keys: readonly string[]) => keys.map((key) => `${key} of ${request}`);
    expect(await createLoaders().load('things', batchOf('the first'), 'one', 'x')).toBe('x of the first');
    expect(await createLoaders().load('things', batchOf('the second'), 'one', 'x')).toBe('x of the second');
  });
});
