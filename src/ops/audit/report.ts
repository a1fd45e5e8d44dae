import type { ChainCheck } from '../../platform/chain/index.ts';
import type { LogReport } from './verify-log.ts';

/** Takes a line for the person. */
export type Write = (line: string) => void;

const grouped = (value: number): string => value.toLocaleString('en-US');

/** What was looked at, in words: how many events from where to where. */
export function describeEvents({ position, events: count }: ChainCheck, after: number): string {
  if (count === 0) return `no events after position ${grouped(after)}`;
  return `${grouped(count)} events from position ${grouped(after + 1)} to ${grouped(position)}`;
}

/** The same, and how far it is signed. */
export function describeLog({ check, after, last }: LogReport): string {
  const unsigned = check.position - check.signedThrough;
  const signed = last ? `signed up to position ${grouped(check.signedThrough)} (${last.statement.signedAt})` : 'never signed';
  return `${describeEvents(check, after)}, ${signed}${unsigned > 0 && last ? `, ${grouped(unsigned)} not yet` : ''}`;
}

/** Tells what became of something that was verified: a line, and one for each finding. */
export function tell(write: Write, name: string, { findings, found }: Pick<ChainCheck, 'findings' | 'found'>, what: string): void {
  write(`${name}: ${found === 0 ? 'whole' : 'BROKEN'}: ${what}.`);
  for (const { message } of findings) write(`  ${message}`);
  if (found > findings.length) write(`  and ${grouped(found - findings.length)} more`);
}
