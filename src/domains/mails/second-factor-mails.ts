import type { Mail } from '../../platform/mail/index.ts';
import { layout, type MailSettings } from './layout.ts';

/** A mail about who gets into an account: whoever has it learns of it, also when somebody else did it. */
function notice(settings: MailSettings, to: string, title: string, paragraphs: readonly string[]): Mail {
  const { product } = settings;
  const footer = `You get this mail because it is about who gets into your account at ${product}. Nobody from ${product} will ever ask you for a code.`;
  return { to, subject: `${title} at ${product}`, ...layout({ title, paragraphs, footer }) };
}

const NOT_YOU = 'If it was not you, choose a new password now, where you sign in: that signs you out everywhere.';

/** That a second factor was set up. */
export function secondFactorOnMail(settings: MailSettings, to: string): Mail {
  return notice(settings, to, 'A second factor was set up', [
    `From now on, signing in to your account at ${settings.product} takes a code of your authenticator after the password.`,
    'Keep the recovery codes where you find them without your telephone: each of them works once in place of a code.',
    NOT_YOU,
  ]);
}

/** That the second factor was turned off. */
export function secondFactorOffMail(settings: MailSettings, to: string): Mail {
  return notice(settings, to, 'Your second factor was turned off', [
    `From now on, signing in to your account at ${settings.product} takes your password alone. The recovery codes are void.`,
    NOT_YOU,
  ]);
}

/** That there are new recovery codes. */
export function recoveryCodesReplacedMail(settings: MailSettings, to: string): Mail {
  return notice(settings, to, 'You have new recovery codes', [
    `New recovery codes were made for your account at ${settings.product}. The ones before are void.`,
    NOT_YOU,
  ]);
}

/** That a recovery code was used in place of a code of the authenticator. */
export function recoveryCodeUsedMail(settings: MailSettings, { to, left }: { to: string; left: number }): Mail {
  return notice(settings, to, 'A recovery code was used', [
    `Somebody, most likely you, has used a recovery code to get into your account at ${settings.product}.`,
    left === 0 ? 'None is left: make new ones before you need one.' : `${left} ${left === 1 ? 'is' : 'are'} left. You can make new ones at any time.`,
    NOT_YOU,
  ]);
}

/** That somebody who got past the password, or sits in an open session, has sent so many wrong codes that none is taken for a while. */
export function wrongCodesMail(settings: MailSettings, to: string): Mail {
  return notice(settings, to, 'Wrong codes were sent', [
    `Somebody has sent several wrong codes for the second factor of your account at ${settings.product}. Nobody has got in by them, and for a while no code is taken, not the right one either.`,
    'Whoever it was got past your password, or sits where you are signed in.',
    NOT_YOU,
  ]);
}
