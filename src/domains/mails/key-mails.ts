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
