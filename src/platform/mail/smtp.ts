import { createTransport } from 'nodemailer';
import type { MailTransport } from './mailer.ts';
import { messageOf } from './message.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 30_000;

/**
 * Hands mails to a server by SMTP, over a few connections that are kept.
 *
 * @param url smtp://user:password@host:port, which uses STARTTLS where the server offers it, or smtps://.
 */
export function createSmtp(url: string): MailTransport {
  const timeouts = { connectionTimeout: CONNECT_TIMEOUT_MS, greetingTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS };
  const transport = createTransport({ url, pool: true, maxConnections: 2, ...timeouts });
  return {
    async send(mail, from) {
      await transport.sendMail(messageOf(mail, from));
    },
    close: () => transport.close(),
  };
}
