import { parseArgs } from 'node:util';
import { OperatorError } from '../../kernel/operator-error.ts';

/** What is verified, and how. */
export interface VerifyOptions {
  /** A slug, or the organization's UUID; undefined for every organization. */
  readonly organization: string | undefined;
  /** An export or an archive. */
  readonly file: string | undefined;
  /** Begins at the last checkpoint instead of the beginning of the log. */
  readonly sinceCheckpoint: boolean;
  /** Events that no checkpoint covers are a fault too. */
  readonly strict: boolean;
  /** Prints the public keys and does nothing else. */
  readonly keys: boolean;
}

export const help = [
  'npm run audit:verify -- [options]',
  '',
  'Holds the logs against their chains of hashes and their signed checkpoints. Without options: all of every log.',
  '',
  '  --organization <slug or id>  The log of this one alone.',
  '  --since-checkpoint           Begins at the last checkpoint, and takes for granted what lies before it.',
  '  --strict                     Events that are not signed yet are a fault as well.',
  '  --file <file>                An export or an archive instead; with --organization, that the log agrees with it too.',
  '  --keys                       Prints the public keys that signatures are verified with.',
  '',
  'It ends with 0 when nothing is wrong, with 1 when something was found, and with 2 when it could not be verified.',
].join('\n');

/** The options, or null when help is asked for. @throws OperatorError with one line. */
export function readOptions(argv: readonly string[]): VerifyOptions | null {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean', default: false }] as const;
  const options = { organization: text, file: text, 'since-checkpoint': flag, strict: flag, keys: flag, help: { ...flag, short: 'h' } } as const;
  try {
    const { values } = parseArgs({ args: [...argv], options, allowPositionals: false });
    if (values.help) return null;
    const { organization, file, strict, keys } = values;
    return { organization, file, strict, keys, sinceCheckpoint: values['since-checkpoint'] };
  } catch (error) {
    throw new OperatorError(`${(error as Error).message.split(/[.\n]/, 1)[0]}. Write --help to see all options.`);
  }
}
