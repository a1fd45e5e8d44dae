import { readAddress, readArguments, wrongOption } from '../read-arguments.ts';

/** Who is to be an administrator of the platform. */
export interface AppointOptions {
  readonly act: 'appoint';
  /** In lower case. */
  readonly email: string;
  readonly name: string | null;
  /** Also when there is an administrator already. */
  readonly force: boolean;
  /** The password comes through a pipe, and nobody is asked. */
  readonly passwordFromStdin: boolean;
}

/** Who is to be one no more. */
export interface DismissOptions {
  readonly act: 'dismiss';
  /** In lower case. */
  readonly email: string;
  /** Also when nobody is left then. */
  readonly force: boolean;
}

export const help = [
  'npm run bootstrap-admin -- --email <address> [--name <name>] [--password-stdin] [--force]',
  'npm run bootstrap-admin -- --revoke <address> [--force]',
  '',
  'Makes the first administrator of the platform, who creates organizations and works in any of them. Asks for a password;',
  'an identity that exists with the address is given it: its sessions end, and links and sign-ins under way are void; its',
  'second factor is left as it is. Once: a second administrator is made with --force. An administrator of the platform is a',
  'member nowhere, so whoever is in an organization takes an address of its own for it.',
  '',
  '  --email <address>   The address to sign in with.',
  '  --name <name>       What the person is called.',
  '  --password-stdin    Takes the password from the standard input, for scripts.',
  '  --revoke <address>  Takes the right back: its sessions end, the identity and its password stay.',
  '  --force             Also when there is an administrator already; with --revoke, also the last one.',
].join('\n');

const LONGEST_NAME = 200;

/** The options, or null when help is asked for. @throws OperatorError with one line. */
export function readOptions(argv: readonly string[]): AppointOptions | DismissOptions | null {
  const [text, flag] = [{ type: 'string' }, { type: 'boolean', default: false }] as const;
  const options = { email: text, name: text, revoke: text, force: flag, 'password-stdin': flag, help: { ...flag, short: 'h' } } as const;
  const { email, name, revoke, force, 'password-stdin': passwordFromStdin, help: asksForHelp } = readArguments(argv, options);
  if (asksForHelp) return null;
  if (revoke !== undefined) {
    if (email !== undefined || name !== undefined || passwordFromStdin) throw wrongOption('--revoke goes with --force alone.');
    return { act: 'dismiss', email: readAddress('--revoke', revoke), force };
  }
  return { act: 'appoint', email: readAddress('--email', email), name: nameOf(name), force, passwordFromStdin };
}

function nameOf(text: string | undefined): string | null {
  const name = text?.trim() || null;
  if (name !== null && name.length > LONGEST_NAME) throw wrongOption(`--name is longer than ${LONGEST_NAME} characters.`);
  return name;
}
