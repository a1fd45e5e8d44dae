export { knownAddressMail, lockedMail, passwordChangedMail, resetPasswordMail, sessionLockedMail, verifyEmailMail } from './account-mails.ts';
export { invitationMail, newAdminMail, newOrganizationMail, organizationDeletedMail, ownershipMail } from './invitation-mails.ts';
export { keyLeakedMail, madeByLeakedMail } from './key-mails.ts';
export { layout, type MailContent, type MailSettings } from './layout.ts';
export type { Mailing } from './mailing.ts';
export {
  recoveryCodesReplacedMail,
  recoveryCodeUsedMail,
  secondFactorOffMail,
  secondFactorOnMail,
  wrongCodesMail,
} from './second-factor-mails.ts';
