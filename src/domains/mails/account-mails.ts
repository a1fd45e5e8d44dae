import type { Mail } from '../../platform/mail/index.ts';
import { type KeysLeft, keysLeftText } from './key-mails.ts';
import { layout, type MailSettings, pageLink } from './layout.ts';

/** In which time zone nobody knows, so in the one that everybody can work out. */
const utc = (time: Date): string => `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;

const noAsking = ({ product }: MailSettings): string => `Nobody from ${product} will ever ask you for your password.`;
/** Of what somebody has asked for who gave the address, whoever that was. */
const footer = (settings: MailSettings): string => `You get this mail because somebody gave this address to ${settings.product}. ${noAsking(settings)}`;
/** Of what has happened to an account that there is. */
const accountFooter = (settings: MailSettings): string =>
  `You get this mail because it is about who gets into your account at ${settings.product}. ${noAsking(settings)}`;

/** To whoever registered an address that has no password: the link and the token that prove it. */
export function verifyEmailMail(settings: MailSettings, { to, token }: { to: string; token: string }): Mail {
  const content = {
    title: `Confirm your address`,
    paragraphs: [
      `An account at ${settings.product} was registered with this address. Confirm it with the link below and the password that was chosen. The link works for 24 hours, once.`,
      'If it was not you, do nothing: without your confirmation there is no account.',
    ],
    button: { text: 'Confirm the address', href: pageLink(settings, 'verify-email', token) },
    footer: footer(settings),
  };
  return { to, subject: `Confirm your address for ${settings.product}`, ...layout(content) };
}

/** To whoever has an account and was registered again: so that the page that asked could answer as for anybody. */
export function knownAddressMail(settings: MailSettings, { to }: { to: string }): Mail {
  const content = {
    title: 'You have an account already',
    paragraphs: [
      `Somebody, perhaps you, has just registered an account at ${settings.product} with this address. There is one already, and nothing about it was changed.`,
      'Sign in with your password. If you have forgotten it, ask for a new one where you sign in.',
      'If it was not you, you need do nothing.',
    ],
    footer: footer(settings),
  };
  return { to, subject: `Your account at ${settings.product}`, ...layout(content) };
}

/** The link and the token for a new password. */
export function resetPasswordMail(settings: MailSettings, { to, token }: { to: string; token: string }): Mail {
  const content = {
    title: 'Choose a new password',
    paragraphs: [
      `Somebody, perhaps you, has asked ${settings.product} for a new password for this address. The link below works for 2 hours, once. A new password signs you out everywhere.`,
      'If it was not you, do nothing: your password stays as it is.',
    ],
    button: { text: 'Choose a new password', href: pageLink(settings, 'reset-password', token) },
    footer: footer(settings),
  };
  return { to, subject: `A new password for ${settings.product}`, ...layout(content) };
}

/** That the password was changed or set anew, and which keys that has not ended. */
export function passwordChangedMail(settings: MailSettings, { to, at, keys }: { to: string; at: Date; keys: KeysLeft }): Mail {
  const content = {
    title: 'Your password was changed',
    paragraphs: [
      `The password of your account at ${settings.product} was changed at ${utc(at)}. Other sessions were signed out.`,
      keysLeftText(keys),
      'If it was not you, ask for a new password now, where you sign in, and look through the sessions of your account.',
    ],
    footer: accountFooter(settings),
  };
  return { to, subject: `Your password for ${settings.product} was changed`, ...layout(content) };
}

/** That the address is locked after too many wrong passwords. Sessions that are open go on. */
export function lockedMail(settings: MailSettings, { to, until }: { to: string; until: Date }): Mail {
  const content = {
    title: 'Signing in is locked for a while',
    paragraphs: [
      `Somebody has tried to sign in to your account at ${settings.product} with a wrong password, 5 times. Until ${utc(until)} nobody can sign in to it with a password. Where you are signed in already you stay so.`,
      'If it was you, wait, or ask for a new password where you sign in: the mail lets you in at once.',
      'If it was not you, nobody has got in. A password that you use nowhere else, and a second factor, keep it so.',
    ],
    footer: accountFooter(settings),
  };
  return { to, subject: `Signing in to ${settings.product} is locked for a while`, ...layout(content) };
}

/** That somebody in an open session has given so many wrong passwords that none is taken there for a while. */
export function sessionLockedMail(settings: MailSettings, { to, until }: { to: string; until: Date }): Mail {
  const content = {
    title: 'Wrong passwords in an open session',
    paragraphs: [
      `Somebody who is signed in to your account at ${settings.product} was asked for the password and has given a wrong one, 5 times. Until ${utc(until)} none is taken there. Signing in is not concerned.`,
      'If it was you, wait, or ask for a new password where you sign in.',
      'If it was not you, somebody else sits in one of your sessions: ask for a new password now, where you sign in, which signs everybody out.',
    ],
    footer: accountFooter(settings),
  };
  return { to, subject: `Wrong passwords in an open session at ${settings.product}`, ...layout(content) };
}
