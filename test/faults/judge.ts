import type { GraphQLAnswer } from '../harness/app.ts';
import { NAME, type NamedFault, SECRET } from './faults.ts';

/** What tells of the inside, whatever its name. */
const INSIDE = /\b(SELECT|INSERT INTO|UPDATE|DELETE FROM|relation|constraint|violates|prisma|postgres|node_modules|stack|originalError|invocation)\b|\.[jt]s:\d|\bat .+\(|\/var\/|127\.0\.0\.1/i;

interface Told {
  readonly code: string;
  readonly message: string;
  readonly requestId: unknown;
}

/** Every failure in an answer: its errors, and the expected ones in its data. */
function failuresIn({ data, errors = [] }: GraphQLAnswer): Told[] {
  const told: Told[] = errors.map(({ message, extensions }) => ({ code: extensions.code, message, requestId: extensions['requestId'] }));
  for (const result of Object.values<any>(data ?? {})) {
    if (result?.__typename === 'ConflictError') told.push({ code: 'CONFLICT', message: '', requestId: undefined });
  }
  return told;
}

/** What is wrong with the answer to a request that met the fault; nothing when all is well. */
export function problemsOf(
  answer: GraphQLAnswer,
  log: readonly Record<string, any>[],
  { told, sqlState }: NamedFault,
  forbidden: readonly string[],
): string[] {
  const problems: string[] = [];
  const failures = failuresIn(answer);
  const codes = failures.map(({ code }) => code);
  if (codes.length === 0) problems.push('is told as success');
  for (const code of codes) if (!told.some((each) => each === code)) problems.push(`is told as ${code}`);
  const requestId = answer.headers.get('x-request-id');
  const noted = log.filter((line) => line['requestId'] === requestId && line['level'] >= 50);
  for (const { code, message, requestId: named } of failures) {
    if (code === 'INTERNAL' && !(named === requestId && message.includes(String(requestId)))) problems.push('is masked without its request id');
  }
  if (!codes.every((code) => code === 'CONFLICT')) {
    const states = noted.map(({ error }) => JSON.stringify(error));
    if (noted.length === 0) problems.push('is not in the log');
    else if (sqlState && !states.some((text) => text.includes(`"${sqlState}"`))) problems.push(`has another cause in the log: ${states.join()}`);
  }
  const shown = JSON.stringify([answer.data, answer.errors, [...answer.headers]]);
  const inside = INSIDE.exec(shown)?.[0] ?? [SECRET, NAME, ...forbidden].find((word) => shown.includes(word));
  if (inside !== undefined) problems.push(`tells "${inside}"`);
  if (JSON.stringify(log).includes(SECRET)) problems.push('puts a value into the log');
  return problems;
}
