import type { Mail } from '../../platform/mail/index.ts';
import { layout, type MailSettings, pageLink } from './layout.ts';

const day = (time: Date): string => time.toISOString().slice(0, 10);

interface Invited {
  readonly to: string;
  readonly token: string;
  readonly organization: string;
  readonly role: string;
  readonly expiresAt: Date;
}

/** To whoever is invited: the link and the token to join with. */
export function invitationMail(settings: MailSettings, { to, token, organization, role, expiresAt }: Invited): Mail {
  const content = {
    title: `You are invited to ${organization}`,
    paragraphs: [
      `Somebody of the organization ${organization} invites you to work in it, with the role "${role}". The link below works until ${day(expiresAt)}, once.`,
      'If you do not know the organization, do nothing: nobody joins it without the link.',
    ],
    button: { text: 'Accept the invitation', href: pageLink(settings, 'accept-invitation', token) },
    footer: `You get this mail because a member of an organization at ${settings.product} has entered this address.`,
  };
  return { to, subject: `Invitation to ${organization}`, ...layout(content) };
}

interface Told {
  readonly to: string;
  readonly organization: string;
}

/** To the owner of an organization that an operator has made, who may never have heard of it: how to get in. */
export function newOrganizationMail(settings: MailSettings, { to, organization }: Told): Mail {
  const content = {
    title: `${organization} was made for you`,
    paragraphs: [
      `The operator of ${settings.product} has made the organization ${organization}, and you are its owner.`,
      `Sign in with this address at ${settings.publicUrl}. If you have no password yet, ask there for a new one, as somebody does who has forgotten it: the mail that you get lets you in.`,
      `The operator was given a first API key for it. When you are in, you can revoke that key and invite others.`,
      `If you do not know what this is about, do nothing, or ask the operator of ${settings.product}.`,
    ],
    footer: `You get this mail because the operator of ${settings.product} has entered this address.`,
  };
  return { to, subject: `${organization} was made for you`, ...layout(content) };
}

/** To who owned an organization, and to who owns it now. */
export function ownershipMail(settings: MailSettings, { to, organization, isOwner }: Told & { readonly isOwner: boolean }): Mail {
  const change = isOwner
    ? `The organization ${organization} was handed over to you: you are its owner now.`
    : `The organization ${organization} was handed over to another member: you are one of its administrators now.`;
  const content = {
    title: `${organization} has another owner`,
    paragraphs: [change, 'If you did not expect this, ask the other administrators of the organization.'],
    footer: `You get this mail because you are a member of ${organization} at ${settings.product}.`,
  };
  return { to, subject: `${organization} has another owner`, ...layout(content) };
}

/** To the owner of an organization, when somebody else has made an administrator, which they can do in turns: see the bound of the mailer. */
export function newAdminMail(settings: MailSettings, { to, organization, emails }: Told & { readonly emails: readonly string[] }): Mail {
  const change = emails.length === 1 ? `${emails[0]} is an administrator of the organization ${organization} now.` : `Administrators of the organization ${organization} are now: ${emails.join(', ')}.`;
  const content = {
    title: `${organization} has another administrator`,
    paragraphs: [change, 'An administrator can invite and remove members and make API keys. If you did not expect this, sign in, remove the member, and look at the API keys of the organization.'],
    footer: `You get this mail because you own ${organization} at ${settings.product}.`,
  };
  return { to, subject: `${organization} has another administrator`, ...layout(content), causedByOthers: 'newAdmin' };
}

/** To the administrators of an organization that was deleted. */
export function organizationDeletedMail(settings: MailSettings, { to, organization, byOperator }: Told & { readonly byOperator: boolean }): Mail {
  const who = byOperator ? `the operator of ${settings.product}` : 'its owner';
  const content = {
    title: `${organization} was deleted`,
    paragraphs: [
      `The organization ${organization} was deleted by ${who}. Its API keys and invitations have ended, and nobody gets in any more.`,
      `If this was a mistake, ask the operator of ${settings.product} soon.`,
    ],
    footer: `You get this mail because you administered ${organization} at ${settings.product}.`,
  };
  return { to, subject: `${organization} was deleted`, ...layout(content) };
}
