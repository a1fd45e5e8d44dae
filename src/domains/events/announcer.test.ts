import { afterEach, describe, expect, test } from 'vitest';
import { type Announcer, createAnnouncer } from './announcer.ts';

const A = '00000000-0000-7000-8000-00000000000a';
const B = '00000000-0000-7000-8000-00000000000b';

/** Writes down what was told, and answers by which positions have been kept. */
function listen() {
  const told: string[] = [];
  const asked: string[] = [];
  const kept = new Set<string>();
  const announcer = createAnnouncer({
    async wake(orgIds) {
      told.push(...orgIds.map((orgId) => `wake ${orgId}`));
    },
    async wakeAt(orgId, position) {
      asked.push(`${orgId} ${position}`);
      if (!kept.has(`${orgId} ${position}`)) return false;
      told.push(`wakeAt ${orgId} ${position}`);
      return true;
    },
  });
  announcers.push(announcer);
  return { announcer, told, asked, kept };
}

const announcers: Announcer[] = [];
afterEach(async () => {
  for (const announcer of announcers.splice(0)) await announcer.close();
});

describe('what is committed', () => {
  test('is told together, each organization once', async () => {
    const { announcer, told } = listen();
    for (const orgId of [A, B, A]) announcer.committed(orgId);
    await expect.poll(() => told).toEqual([`wake ${A}`, `wake ${B}`]);
  });

  test('and was not told yet is told at the end', async () => {
    const { announcer, told } = listen();
    announcer.committed(A);
    await announcer.close();
    expect(told).toEqual([`wake ${A}`]);
  });
});

describe('what a transaction has written', () => {
  test('is told when its position is there, and asked for until then', async () => {
    const { announcer, told, asked, kept } = listen();
    announcer.expected(A, 7);
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    expect(told).toEqual([]);
    kept.add(`${A} 7`);
    await expect.poll(() => told).toEqual([`wakeAt ${A} 7`]);
  });

  test('is told when the next one of its organization has begun to wait, for then it has ended', async () => {
    const { announcer, told, asked, kept } = listen();
    announcer.expected(A, 7);
    announcer.expected(A, 8); // and this one is not kept for a while
    await expect.poll(() => told).toEqual([`wake ${A}`]);
    await expect.poll(() => asked.length).toBeGreaterThan(1);
    expect(asked).not.toContain(`${A} 7`);
    kept.add(`${A} 8`);
    await expect.poll(() => told).toEqual([`wake ${A}`, `wakeAt ${A} 8`]);
  });

  test('is told once: the next one tells of itself alone', async () => {
    const { announcer, told, kept } = listen();
    kept.add(`${A} 7`).add(`${A} 8`);
    announcer.expected(A, 7);
    await expect.poll(() => told).toEqual([`wakeAt ${A} 7`]);
    announcer.expected(A, 8);
    await expect.poll(() => told).toEqual([`wakeAt ${A} 7`, `wakeAt ${A} 8`]);
    await announcer.close();
    expect(told).toHaveLength(2);
  });

  test('and still waits at the end is told then, because nobody asks for it any more', async () => {
    const { announcer, told } = listen();
    announcer.expected(A, 7);
    await announcer.close();
    expect(told).toEqual([`wake ${A}`]);
  });
});
