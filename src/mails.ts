import path from 'node:path';
import type { Logger } from 'pino';
import type { Config } from './config/index.ts';
import type { Clock } from './kernel/clock.ts';
import type { MailSettings } from './domains/mails/index.ts';
import { describeForLog } from './http/error-log.ts';
import { createFileOutbox, createMailer, createSmtp, type Mail, type Mailer, type MailTransport } from './platform/mail/index.ts';

/** Where mails lie when no server for them is configured. */
export const outboxOf = (dataDir: string): string => path.join(dataDir, 'outbox');

/** What mails say of the installation. */
export const mailSettingsOf = ({ mail }: Pick<Config, 'mail'>): MailSettings => ({ publicUrl: mail.publicUrl, product: 'Tenantry' });

type MailConfig = Pick<Config, 'mail' | 'dataDir' | 'environment'>;

/** A server for mails, when there is one, else files in the data directory. */
function openTransport({ mail, dataDir }: MailConfig): MailTransport {
  return mail.smtpUrl === undefined ? createFileOutbox(outboxOf(dataDir)) : createSmtp(mail.smtpUrl);
}

/** Hands one mail over and waits until it is taken, for a command that ends then. @throws when it was not taken. */
export async function sendMail(config: MailConfig, mail: Mail): Promise<void> {
  const transport = openTransport(config);
  try {
    await transport.send(mail, config.mail.from);
  } finally {
    transport.close();
  }
}

/** Begins to take mails; the clock says when the hour of what others cause is over. */
export function openMailer(config: MailConfig, logger: Logger, clock: Clock): Mailer {
  const { mail, environment } = config;
  if (mail.smtpUrl === undefined && environment === 'production') {
    logger.warn({ code: 'MAIL_TO_FILES' }, 'mails become files in the outbox of DATA_DIR and reach nobody: set SMTP_URL');
  }
  const onLost = (error: unknown) => logger.error({ code: 'MAIL_LOST', error: describeForLog(error) }, 'a mail could not be sent');
  return createMailer({ transport: openTransport(config), from: mail.from, onLost, clock });
}
