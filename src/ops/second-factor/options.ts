import { readAddress, readArguments, wrongOption } from '../read-arguments.ts';

/** What the command is to do, and whose factor goes; the address is in lower case. */
export type SecondFactorOptions = { readonly act: 'remove'; readonly email: string } | { readonly act: 'reseal' };

export const help = [
  'npm run second-factor -- remove --email <address>',
  'npm run second-factor -- reseal',
  '',
  'remove takes away the second factor of somebody who has lost the authenticator and every recovery code: find out first who',
  'asks. The recovery codes and sign-ins under way are void, no open session counts as having shown it any more, and the',
  'person is told by mail.',
  '',
  'reseal seals every stored secret with the first of SECOND_FACTOR_KEYS, so that the others can be taken out. Restart every',
  'server with the new key first. It can be run while they work, and again at any time.',
].join('\n');

/** The options, or null when help is asked for. @throws OperatorError with one line. */
export function readOptions([act, ...rest]: readonly string[]): SecondFactorOptions | null {
  if ([act, ...rest].some((word) => word === '--help' || word === '-h')) return null;
  if (act === 'remove') return { act, email: readAddress('--email', readArguments(rest, { email: { type: 'string' } }).email) };
  if (act !== 'reseal') throw wrongOption('The first word must be remove or reseal.');
  readArguments(rest, {});
  return { act };
}
