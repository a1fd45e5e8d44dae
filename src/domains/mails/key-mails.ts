import type { Mail } from '../../platform/mail/index.ts';
import { layout, type MailSettings } from './layout.ts';

/** What both mails say of a key: its first characters. Its name may be somebody else's words, who has made it for its owner. */
type Prefix = string;

interface MadeByLeaked {
  readonly to: string;
  readonly organization: string;
  /** The keys that were made with the leaked one and have ended with it. */
  readonly made: readonly Prefix[];
}

interface LeakedKey extends MadeByLeaked {
  readonly prefix: Prefix;
  /** Whether the key itself has ended only now. */
  readonly wasLive: boolean;
}

/** More are told by their number: whoever holds a key may have made any number of them. */
const MOST_LISTED = 20;
/** Anybody may report keys, and make some for others to report them: see the bound of the mailer. */
const KEYS_LEAKED = 'keysLeaked';

function listed(made: readonly Prefix[]): string {
  const begin = made.slice(0, MOST_LISTED).map((prefix) => `${prefix}...`);
  const rest = made.length - begin.length;
  return `${begin.join(', ')}${rest > 0 ? ` and ${rest} more` : ''}`;
}

/** To the owner of a key that somebody has found where it should not be. */
export function keyLeakedMail(settings: MailSettings, { to, prefix, organization, wasLive, made }: LeakedKey): Mail {
  const content = {
    title: 'One of your API keys was revoked',
    paragraphs: [
      `Somebody has reported that your API key ${prefix}... of the organization ${organization} has leaked, and has shown its secret. ${wasLive ? 'It was revoked and opens' : 'It had been revoked before and opens'} nothing any more.`,
      ...(made.length > 0 ? [`Keys that were made or rotated with it may be known to whoever had it, and were revoked too: ${listed(made)}.`] : []),
      'Create a new key for whatever used it, and look through the log of the organization for what was done with it.',
    ],
    footer: `You get this mail because an API key of yours at ${settings.product} has ended.`,
  };
  return { to, subject: `Your API key ${prefix}... was revoked`, ...layout(content), causedByOthers: KEYS_LEAKED };
}

/** To the owner of keys that were made with one of somebody else's that has leaked. */
export function madeByLeakedMail(settings: MailSettings, { to, organization, made }: MadeByLeaked): Mail {
  const content = {
    title: 'API keys of yours were revoked',
    paragraphs: [
      `An API key of the organization ${organization} has leaked that keys acting for you were made or rotated with. Whoever had it may know them, so they were revoked and open nothing any more: ${listed(made)}.`,
      'Create new keys for whatever used them, and look through the log of the organization for what was done with them.',
    ],
    footer: `You get this mail because API keys of yours at ${settings.product} have ended.`,
  };
  return { to, subject: 'API keys of yours were revoked', ...layout(content), causedByOthers: KEYS_LEAKED };
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
