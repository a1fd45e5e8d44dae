import type { Mail } from '../../platform/mail/index.ts';
import { layout, type MailSettings } from './layout.ts';

interface LeakedKey {
  readonly to: string;
  readonly key: string;
  /** Its first characters, by which people tell their keys apart. */
  readonly prefix: string;
  readonly organization: string;
}

/** To the owner of a key that somebody has found where it should not be. */
export function keyLeakedMail(settings: MailSettings, { to, key, prefix, organization }: LeakedKey): Mail {
  const content = {
    title: 'One of your API keys was revoked',
    paragraphs: [
      `Somebody has reported that your API key "${key}" of the organization ${organization} has leaked, and has shown its secret. It was revoked and opens nothing any more. It began with ${prefix}.`,
      'Create a new key for whatever used it, and look through the log of the organization for what was done with it.',
    ],
    footer: `You get this mail because an API key of yours at ${settings.product} has ended.`,
  };
  return { to, subject: `Your API key "${key}" was revoked`, ...layout(content) };
}

/** How many live keys a person owns or has made, and in how many organizations. */
export interface KeysLeft {
  readonly keys: number;
  readonly organizations: number;
}

/** What a mail says of keys after a change of the password, which ends sessions and no keys. */
export function keysLeftText({ keys, organizations }: KeysLeft): string {
  if (keys === 0) return 'No API key acts for you, and none works whose secret you were shown.';
  const those = keys === 1 ? '1 API key that acts for you or was made by you goes' : `${keys} API keys that act for you or were made by you go`;
  const where = organizations === 1 ? '1 organization' : `${organizations} organizations`;
  return `A new password ends no API keys: ${those} on working, in ${where}. Look through them there, in the list of API keys of each organization, and revoke whatever you do not know or need: revokeApiKey ends a key at once.`;
}
