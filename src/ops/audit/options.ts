import { readArguments, wrongOption } from '../read-arguments.ts';

/** What somebody knows that a log had at a position. */
export interface KnownHash {
  readonly position: number;
  /** In hexadecimal digits. */
  readonly hash: string;
}

/** What is verified, and how. */
export interface VerifyOptions {
  /** A slug, or the organization's UUID; undefined for every organization. */
  readonly organization: string | undefined;
  /** An export or an archive. */
  readonly file: string | undefined;
  /** What was noted of the organization's log outside of the database. */
  readonly known: readonly KnownHash[];
  /** Begins at the last checkpoint instead of the beginning of the log. */
  readonly sinceCheckpoint: boolean;
  /** Events that no checkpoint covers are a fault too, and so is an organization without a log. */
  readonly strict: boolean;
  /** Prints the public keys and does nothing else. */
  readonly keys: boolean;
}

export const help = [
  'npm run audit:verify -- [options]',
  '',
  'Holds the logs against their chains of hashes and their signed checkpoints, and what they are read and guarded by against',
  'the migrations. Without options: all of every log.',
  '',
  '  --organization <slug or id>  The log of this one alone.',
  '  --since-checkpoint           Begins at the last checkpoint, and takes for granted what lies before it.',
  '  --strict                     Events that are not signed yet are a fault as well, and an organization without a log.',
  '  --file <file>                An export or an archive instead; with --organization, that the log agrees with it too.',
  '  --checkpoint <position:hash> That the log of --organization has this hash there, as a line "log signed" said. Repeatable.',
  '  --keys                       Prints the public keys that signatures are verified with.',
  '',
  'It ends with 0 when nothing is wrong, with 1 when something was found, and with 2 when it could not be verified.',
].join('\n');

const KNOWN = /^(\d{1,15}):([0-9a-f]{64})$/;

function readKnown(text: string): KnownHash {
  const [, position, hash] = KNOWN.exec(text) ?? [];
  if (hash === undefined || Number(position) === 0) {
    throw wrongOption(`--checkpoint is "${text.slice(0, 90)}": it must be a position and a hash of 64 hexadecimal digits, with a colon between them.`);
  }
  return { position: Number(position), hash };
}

/** The options, or null when help is asked for. @throws OperatorError with one line. */
export function readOptions(argv: readonly string[]): VerifyOptions | null {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean', default: false }] as const;
  const values = readArguments(argv, {
    organization: text,
    file: text,
    checkpoint: { ...text, multiple: true, default: [] },
    'since-checkpoint': flag,
    strict: flag,
    keys: flag,
    help: { ...flag, short: 'h' },
  });
  if (values.help) return null;
  const { organization, file, checkpoint, strict, keys } = values;
  if (checkpoint.length > 0 && organization === undefined) throw wrongOption('--checkpoint is of one log: name it with --organization.');
  return { organization, file, known: checkpoint.map(readKnown), strict, keys, sinceCheckpoint: values['since-checkpoint'] };
}
