import type { SendMailOptions } from 'nodemailer';
import type { Mail } from './mailer.ts';

/** A mail in the words of the library, which writes headers so that no text can add another one. */
export function messageOf({ to, subject, text, html }: Mail, from: string): SendMailOptions {
  return {
    from,
    // An object, so that no address is read as a list of several.
    to: { name: '', address: to },
    subject,
    text,
    html,
    // Nobody answers a machine, and no machine is to answer this one (RFC 3834).
    headers: { 'Auto-Submitted': 'auto-generated' },
    disableFileAccess: true,
    disableUrlAccess: true,
  };
}
