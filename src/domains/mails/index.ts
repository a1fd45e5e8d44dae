export { knownAddressMail, lockedMail, passwordChangedMail, resetPasswordMail, verifyEmailMail } from './account-mails.ts';
export { layout, type MailContent, type MailSettings, pageLink } from './layout.ts';
