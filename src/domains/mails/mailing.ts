import type { Mailer } from '../../platform/mail/index.ts';
import type { MailSettings } from './layout.ts';

/** What a use case tells people by. */
export interface Mailing {
  readonly mailer: Mailer;
  readonly mails: MailSettings;
}
