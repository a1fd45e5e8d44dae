import { describe, expect, test } from 'vitest';
import { provision } from './provision.ts';

const NAMESPACE = { orgId: '0198f0c2-0000-7000-8000-000000000001', namespace: 'org-acme-00000001' };

/** An engine that fails so often before it succeeds, and what was waited for and told meanwhile. */
async function run(failures: number, random: number) {
  const waited: number[] = [];
  const told: unknown[] = [];
  let tries = 0;
  const ready = await provision(
    {
      engine: {
        ensureNamespace() {
          tries += 1;
          return tries <= failures ? Promise.reject(new Error(`try ${tries}`)) : Promise.resolve();
        },
        retireNamespace: () => Promise.resolve(),
      },
      wait: (ms) => Promise.resolve(void waited.push(ms)),
      random: () => random,
      onEngineFailure: (error) => told.push(error),
    },
    NAMESPACE,
  );
  return { ready, tries, waited, told: told.map(String) };
}

describe('provisioning', () => {
  test('of an engine that is ready waits for nothing', async () => {
    expect(await run(0, 0.5)).toEqual({ ready: true, tries: 1, waited: [], told: [] });
  });

  test('tries again after half a second, one and two', async () => {
    expect(await run(3, 0.5)).toEqual({ ready: true, tries: 4, waited: [500, 1000, 2000], told: ['Error: try 1', 'Error: try 2', 'Error: try 3'] });
  });

  test('gives up after the fourth try, and has told of each', async () => {
    expect(await run(99, 0.5)).toMatchObject({ ready: false, tries: 4, waited: [500, 1000, 2000] });
    expect((await run(99, 0.5)).told).toHaveLength(4);
  });

  test.each([
    [0, [250, 500, 1000]],
    [0.999, [749.5, 1499, 2998]],
  ])('what failed together is not tried together again (%d)', async (random, waited) => {
    expect((await run(99, random)).waited).toEqual(waited);
  });
});
