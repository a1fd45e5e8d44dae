import { readArguments, wrongOption } from '../read-arguments.ts';

/** Who is to be the first administrator of the platform. */
export interface BootstrapOptions {
  /** In lower case. */
  readonly email: string;
  readonly name: string | null;
  /** Also when there is an administrator already. */
  readonly force: boolean;
  /** The password comes through a pipe, and nobody is asked. */
  readonly passwordFromStdin: boolean;
}

export const help = [
  'npm run bootstrap-admin -- --email <address> [--name <name>] [--password-stdin] [--force]',
  '',
  'Makes the first administrator of the platform, who creates organizations and works in any of them. Asks for a password;',
  'an identity that exists with the address is given it: its sessions end, and links and sign-ins under way are void; its',
  'second factor is left as it is. Once: a second administrator is made with --force.',
  '',
  '  --email <address>  The address to sign in with.',
  '  --name <name>      What the person is called.',
  '  --password-stdin   Takes the password from the standard input, for scripts.',
  '  --force            Also when there is an administrator already.',
].join('\n');

/** No more than a typing error is caught: whether a mailbox has the address is known when a mail arrives. */
const ADDRESS = /^[^\s@]+@[^\s@]+$/;
const LONGEST_ADDRESS = 254;
const LONGEST_NAME = 200;

/** The options, or null when help is asked for. @throws OperatorError with one line. */
export function readOptions(argv: readonly string[]): BootstrapOptions | null {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean', default: false }] as const;
  const options = { email: text, name: text, force: flag, 'password-stdin': flag, help: { ...flag, short: 'h' } } as const;
  const values = readArguments(argv, options);
  if (values.help) return null;
  const email = values.email?.trim().toLowerCase() ?? '';
  if (email === '') throw wrongOption('--email is needed: an address like you@example.com.');
  if (!ADDRESS.test(email) || email.length > LONGEST_ADDRESS) throw wrongOption('--email must be an address like you@example.com.');
  const name = values.name?.trim() || null;
  if (name !== null && name.length > LONGEST_NAME) throw wrongOption(`--name is longer than ${LONGEST_NAME} characters.`);
  return { email, name, force: values.force, passwordFromStdin: values['password-stdin'] };
}
