import { describe, expect, test } from 'vitest';
import { type Finding, fuzz } from '../prove/fuzz/fuzz.ts';

// The bounded form of `npm run prove:fuzz`.
const RUNS = 2_000;
const TIMEOUT_MS = 600_000;

const shown = ({ problem, request, log }: Finding): string => `${problem}: ${JSON.stringify(request).slice(0, 2_000)} ${JSON.stringify(log)}`;

test('whatever is sent is answered with a declared code, and nothing of the inside or of another tenant', async () => {
  const { findings, sent, byKind } = await fuzz({ runs: RUNS, seed: 1 });
  expect(findings.map(shown)).toEqual([]);
  expect(sent).toBeGreaterThanOrEqual(RUNS);
  expect(Object.keys(byKind).sort()).toEqual(['address', 'body', 'broken', 'headers', 'nearly valid', 'raw', 'valid']);
}, TIMEOUT_MS);

describe('a mistake that is planted in one mutation is found', () => {
  test.each([
    ['text', /^tells of the inside: iam\.api_keys/],
    ['defect', /^INTERNAL/],
    ['leak', /^holds words of another tenant/],
    ['id', /^holds ids of another tenant/],
    ['crash', /^the server has ended|^no answer/],
  ] as const)('%s', async (planted, problem) => {
    const { findings } = await fuzz({ runs: RUNS, seed: 1, planted, untilFound: true });
    expect(findings.length).toBeGreaterThan(0);
    for (const finding of findings) expect(finding.problem).toMatch(problem);
  }, TIMEOUT_MS);
});
