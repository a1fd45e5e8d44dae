import { expect, test } from 'vitest';
import { OperatorError } from '../../kernel/operator-error.ts';
import { help, readOptions } from './options.ts';

const refusal = (...argv: string[]): string => {
  try {
    readOptions(argv);
  } catch (error) {
    expect(error).toBeInstanceOf(OperatorError);
    return (error as Error).message;
  }
  throw new Error(`${argv.join(' ')} was taken`);
};

test('what is not said has a default, and the limits themselves are taken', () => {
  expect(readOptions([])).toEqual({ organizations: 10, workflows: 2_000, tasks: 5 });
  expect(readOptions(['--organizations', '10000', '--workflows=100000', '--tasks', '50'])).toEqual({ organizations: 10_000, workflows: 100_000, tasks: 50 });
  expect(readOptions(['--organizations', '1', '--workflows', '0', '--tasks', '1'])).toEqual({ organizations: 1, workflows: 0, tasks: 1 });
});

test('a number out of its limits, or no number, is refused with the limits', () => {
  for (const value of ['0', '10001', '-1', '2.5', '1e3', '', 'many', '9'.repeat(100)]) {
    expect(refusal(`--organizations=${value}`)).toContain('from 1 to 10,000');
  }
  expect(refusal('--workflows=-1')).toContain('from 0 to 100,000');
  expect(refusal('--workflows', '100001')).toContain('from 0 to 100,000');
  expect(refusal('--tasks', '51')).toContain('from 1 to 50');
});

test('an unknown option, a missing value and a stray word are refused by name', () => {
  expect(refusal('--unknown', '1')).toContain("'--unknown'");
  expect(refusal('--organizations')).toContain('--organizations');
  expect(refusal('5')).toContain("'5'");
});

test('help names every option', () => {
  expect(readOptions(['--help'])).toBeNull();
  expect(readOptions(['-h'])).toBeNull();
  for (const name of ['organizations', 'workflows', 'tasks']) expect(help).toContain(`--${name} <number>`);
});
