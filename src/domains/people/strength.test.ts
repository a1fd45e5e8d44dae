import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { createStrengthEstimator, estimateStrength } from './strength.ts';

const PASSWORD = 'correct horse battery staple';

test('what many of one network wait for holds up no other for longer than one of them', async () => {
  const done: string[] = [];
  const estimate = async (network: string): Promise<void> => {
    await estimateStrength(PASSWORD, [], network);
    done.push(network);
  };
  await Promise.all([...Array.from({ length: 8 }, () => estimate('many')), estimate('one'), estimate('another')]);
  expect(done.slice(0, 3).toSorted()).toEqual(['another', 'many', 'one']);
});

test('more than ten of one network do not wait, and others do', async () => {
  const outcomes = (network: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => estimateStrength(PASSWORD, [], network).then(() => 'estimated', (error: { code: string }) => error.code)));
  const [many, others] = await Promise.all([outcomes('many', 14), outcomes('other', 3)]);
  expect(many.filter((outcome) => outcome === 'SERVICE_UNAVAILABLE')).toHaveLength(3);
  expect(others).toEqual(['estimated', 'estimated', 'estimated']);
});

test('what others would try first is easy to guess', async () => {
  expect((await estimateStrength('GrisebachWennerholt', [], 'x')).score).toBeGreaterThan(1);
  expect((await estimateStrength('GrisebachWennerholt', ['grisebach', 'wennerholt'], 'x')).score).toBeLessThan(2);
});

describe('a password is answered, and those behind it,', () => {
  /** A thread that runs this for each question. */
  const running = (body: string): URL => new URL(`data:text/javascript,${encodeURIComponent(`import { parentPort } from 'node:worker_threads'; parentPort.on('message', (question) => { ${body} });`)}`);
  const ANSWERING = 'parentPort.postMessage({ score: 3, advice: null })';
  const outcomeOf = (estimated: Promise<unknown>): Promise<unknown> => estimated.catch((error: { code: string }) => error.code);

  test('also when it comes as the thread goes to sleep for lack of work', { timeout: 60_000 }, async () => {
    const idleMs = 20;
    // A thread without word lists: what is asked is whether there is an answer, and not how soon a busy machine has read them.
    const estimate = createStrengthEstimator({ idleMs, deadlineMs: 30_000, script: running(ANSWERING) });
    for (let round = 0; round < 12; round++) {
      expect(await outcomeOf(estimate(PASSWORD, [], 'x'))).toMatchObject({ score: 3 });
      // Before the thread is told to end, as it is, and while it is on its way to it.
      await wait(idleMs - 2 + (round % 6));
    }
  });

  test('also when the thread ends, fails or says nothing', async () => {
    const broken = [
      ['process.exit(0)', 5_000],
      ["throw new Error('broken')", 5_000],
      ['', 50],
    ] as const;
    for (const [body, deadlineMs] of broken) {
      const estimate = createStrengthEstimator({ deadlineMs, script: running(body) });
      const outcomes = await Promise.all([estimate('one', [], 'a'), estimate('two', [], 'a'), estimate('three', [], 'b')].map(outcomeOf));
      expect([body, ...outcomes]).toEqual([body, 'SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE', 'SERVICE_UNAVAILABLE']);
    }
  });

  test('by a new thread after one that was lost', async () => {
    const estimate = createStrengthEstimator({ script: running(`if (question.text === 'fatal') process.exit(1); ${ANSWERING}`) });
    expect(await outcomeOf(estimate('fatal', [], 'x'))).toBe('SERVICE_UNAVAILABLE');
    expect(await outcomeOf(estimate('other', [], 'x'))).toEqual({ score: 3, advice: null });
  });
});
