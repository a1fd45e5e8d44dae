import path from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config/index.ts';
import { describeForLog } from './http/error-log.ts';
import { createFileOutbox, createMailer, createSmtp, type Mailer } from './platform/mail/index.ts';

/** Where mails lie when no server for them is configured. */
export const outboxOf = (dataDir: string): string => path.join(dataDir, 'outbox');

/** Begins to take mails: for a server, when there is one, else for files in the data directory. */
export function openMailer({ mail, dataDir, environment }: Config, logger: Logger): Mailer {
  if (mail.smtpUrl === undefined && environment === 'production') {
    logger.warn({ code: 'MAIL_TO_FILES' }, 'mails become files in the outbox of DATA_DIR and reach nobody: set SMTP_URL');
  }
  const transport = mail.smtpUrl === undefined ? createFileOutbox(outboxOf(dataDir)) : createSmtp(mail.smtpUrl);
  const onLost = (error: unknown) => logger.error({ code: 'MAIL_LOST', error: describeForLog(error) }, 'a mail could not be sent');
  return createMailer({ transport, from: mail.from, onLost });
}
