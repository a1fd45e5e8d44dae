import { parseArgs, type ParseArgsOptionsConfig } from 'node:util';
import { OperatorError } from '../kernel/operator-error.ts';

/** What is wrong with a command's options, in one line. @param message a sentence. */
export const wrongOption = (message: string): OperatorError => new OperatorError(`${message} Write --help to see all options.`);

/** The values of a command's options, of which there are no others. @throws OperatorError with one line. */
export function readArguments<const Options extends ParseArgsOptionsConfig>(argv: readonly string[], options: Options) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: false }).values;
  } catch (error) {
    // Node's own line says which option is wrong; what follows its first sentence is advice for other programs.
    const [sentence = ''] = (error as Error).message.split(/\.(?:\s|$)|\n/, 1);
    // npm takes the options before "--" for its own, and leaves their values alone to the command.
    const isStray = (error as NodeJS.ErrnoException).code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL';
    throw wrongOption(`${sentence}.${isStray ? ' Options of a command come after "--": npm run <command> -- --option value.' : ''}`);
  }
}

/** No more than a typing error is caught: whether a mailbox has the address is known when a mail arrives. */
const ADDRESS = /^[^\s@]+@[^\s@]+$/;
const LONGEST_ADDRESS = 254;

/** An address in lower case. @param option what it was given by. @throws OperatorError with one line. */
export function readAddress(option: string, text: string | undefined): string {
  const address = text?.trim().toLowerCase() ?? '';
  if (address === '') throw wrongOption(`${option} is needed: an address like you@example.com.`);
  if (!ADDRESS.test(address) || address.length > LONGEST_ADDRESS) throw wrongOption(`${option} must be an address like you@example.com.`);
  return address;
}
