import path from 'node:path';
import { readArguments, wrongOption } from '../read-arguments.ts';

/** What is archived, and where to. */
export interface ArchiveOptions {
  /** A slug, or the organization's id. */
  readonly organization: string;
  /** Events that were recorded before. */
  readonly before: Date;
  /** Absolute; nothing is there yet. */
  readonly file: string;
  /** The file is written and verified, and nothing is taken away. */
  readonly dryRun: boolean;
}

export const help = [
  'npm run events:archive -- --organization <slug or id> --before <date> --to <file> [--dry-run]',
  '',
  "Moves an organization's oldest events to a file: writes it, verifies it, keeps a signed record of it, and takes the",
  'events away. The file has the form of an export, and "npm run audit:verify -- --file" verifies it.',
  '',
  '  --before <date>  Events recorded before it, as 2026-01-31 (UTC) or 2026-01-31T12:00:00Z.',
  '  --to <file>      A new file.',
  '  --dry-run        Writes and verifies the file, and takes nothing away.',
].join('\n');

const DATE = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/;

function readDate(text: string): Date {
  const date = new Date(text);
  if (!DATE.test(text) || Number.isNaN(date.getTime())) throw wrongOption(`--before is "${text.slice(0, 40)}": it must be a date like 2026-01-31.`);
  return date;
}

/** The options, or null when help is asked for. @throws OperatorError with one line. */
export function readOptions(argv: readonly string[]): ArchiveOptions | null {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean', default: false }] as const;
  const options = { organization: text, before: text, to: text, 'dry-run': flag, help: { ...flag, short: 'h' } } as const;
  const values = readArguments(argv, options);
  if (values.help) return null;
  const { organization, before, to } = values;
  if (!organization || !before || !to) throw wrongOption('--organization, --before and --to are all needed.');
  return { organization, before: readDate(before), file: path.resolve(to), dryRun: values['dry-run'] };
}
