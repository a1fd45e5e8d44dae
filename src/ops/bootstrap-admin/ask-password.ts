import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { OperatorError } from '../../kernel/operator-error.ts';

/** Where a person types, and sees. */
export interface Terminal {
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WriteStream;
}

/** The password from a pipe, without the end of its line. */
export async function readPiped(input: NodeJS.ReadableStream): Promise<string> {
  return (await text(input)).replace(/\r?\n$/, '');
}

/** Asks twice for a password that is not shown. @throws OperatorError without a terminal, or when the two differ. */
export async function askPassword({ input, output }: Terminal): Promise<string> {
  if (!input.isTTY) throw new OperatorError('There is no terminal to ask for the password: give it through a pipe, with --password-stdin.');
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input, output: silent, terminal: true });
  try {
    // Not one question after the other: what somebody types ahead would be lost between the two.
    const typed = lines[Symbol.asyncIterator]();
    const ask = async (question: string): Promise<string> => {
      output.write(question);
      const { value, done } = await typed.next();
      output.write('\n');
      if (done) throw new OperatorError('No password was typed: run the command again.');
      return value;
    };
    const password = await ask('Password: ');
    if ((await ask('The same once more: ')) !== password) throw new OperatorError('The two passwords differ: run the command again.');
    return password;
  } finally {
    lines.close();
  }
}
