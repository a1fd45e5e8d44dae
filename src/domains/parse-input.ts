import type { z } from 'zod';
import { type FieldProblem, ValidationError } from '../kernel/errors.ts';

/** Nobody mends more than this many fields at once, and a hostile input must not make a huge answer. */
const MOST_PROBLEMS = 20;

/** Says in few words what an acceptable value would be; never repeats the value, because it may be a secret. */
function describe(issue: z.core.$ZodRawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined || issue.input === null ? 'is required' : `must be ${article(issue.expected)}`;
    case 'too_small':
      return `must ${measure(issue.origin, `${issue.minimum} or more`)}`;
    case 'too_big':
      return `must ${measure(issue.origin, `${issue.maximum} or less`)}`;
    case 'invalid_value':
      return `must be one of ${issue.values.map(String).join(', ')}`;
    case 'invalid_format':
      return issue.format === 'email' ? 'must be an email address' : 'has the wrong form';
    default:
      return 'is not acceptable';
  }
}

function article(type: string): string {
  const word = type === 'int' ? 'whole number' : type;
  return /^[aeiou]/.test(word) ? `an ${word}` : `a ${word}`;
}

function measure(origin: string, amount: string): string {
  if (origin === 'string') return `have ${amount} characters`;
  return origin === 'array' ? `have ${amount} entries` : `be ${amount}`;
}

function problemsOf(issue: z.core.$ZodIssue): FieldProblem[] {
  const path = issue.path.map(String);
  if (issue.code !== 'unrecognized_keys') return [{ path, message: issue.message }];
  return issue.keys.map((key) => ({ path: [...path, key.slice(0, 100)], message: 'is not a field of this input' }));
}

/** The input as the schema understands it. Throws ValidationError with a path and a short text for each wrong field. */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  const result = schema.safeParse(input, { error: describe });
  if (result.success) return result.data;
  throw new ValidationError(result.error.issues.flatMap(problemsOf).slice(0, MOST_PROBLEMS));
}
