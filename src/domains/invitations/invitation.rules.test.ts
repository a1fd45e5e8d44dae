import { describe, expect, test } from 'vitest';
import { AppError } from '../../kernel/errors.ts';
import { checkResend, checkSending, invitationStatus } from './invitation.rules.ts';

const NOW = new Date('2026-01-01T00:00:00Z');
const BEFORE = new Date(NOW.getTime() - 1);
const LATER = new Date(NOW.getTime() + 1);

const codeOf = (work: () => unknown): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    return error.code;
  }
};

test.each([
  [{ acceptedAt: null, revokedAt: null, expiresAt: LATER }, 'pending'],
  [{ acceptedAt: null, revokedAt: null, expiresAt: NOW }, 'expired'],
  [{ acceptedAt: BEFORE, revokedAt: null, expiresAt: BEFORE }, 'accepted'],
  [{ acceptedAt: null, revokedAt: BEFORE, expiresAt: LATER }, 'revoked'],
] as const)('%j is %s', (times, status) => {
  expect(invitationStatus(times, NOW)).toBe(status);
});

describe('sending anew', () => {
  const open = { acceptedAt: null, revokedAt: null, expiresAt: LATER, sentCount: 1 };

  test('is for what is open, also when it is too old', () => {
    expect(codeOf(() => checkResend(open, NOW))).toBe('ok');
    expect(codeOf(() => checkResend({ ...open, expiresAt: BEFORE }, NOW))).toBe('ok');
    expect(codeOf(() => checkResend({ ...open, acceptedAt: BEFORE }, NOW))).toBe('CONFLICT');
    expect(codeOf(() => checkResend({ ...open, revokedAt: BEFORE }, NOW))).toBe('CONFLICT');
  });

  test('is done 19 times', () => {
    expect(codeOf(() => checkResend({ ...open, sentCount: 19 }, NOW))).toBe('ok');
    expect(codeOf(() => checkResend({ ...open, sentCount: 20 }, NOW))).toBe('CONFLICT');
  });

  test('is done 20 times an hour in an organization', () => {
    expect(codeOf(() => checkSending(19))).toBe('ok');
    expect(codeOf(() => checkSending(20))).toBe('RATE_LIMITED');
  });
});
