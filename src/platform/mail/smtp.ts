import { BlockList, isIP } from 'node:net';
import { createTransport } from 'nodemailer';
import type { MailTransport } from './mailer.ts';
import { messageOf } from './message.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const SILENCE_TIMEOUT_MS = 30_000;

const loopback = new BlockList();
loopback.addSubnet('127.0.0.0', 8, 'ipv4');
loopback.addAddress('::1', 'ipv6');

/** Whether a server is on this machine, so that nobody stands between. */
function isHere(hostname: string): boolean {
  const host = hostname.replace(/^\[|\]$/g, '');
  return host === 'localhost' || (isIP(host) !== 0 && loopback.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4'));
}

/**
 * Hands mails to a server by SMTP, over a few connections that are kept.
 *
 * @param url smtps://user:password@host:port, or smtp://, which has to become TLS (STARTTLS) before anything is handed over,
 *   because mails open doors: unless the server is on this machine, or the address ends in `?requireTLS=false`.
 */
export function createSmtp(url: string): MailTransport {
  const timeouts = { connectionTimeout: CONNECT_TIMEOUT_MS, greetingTimeout: CONNECT_TIMEOUT_MS, socketTimeout: SILENCE_TIMEOUT_MS };
  // What the address says goes before what is said here.
  const transport = createTransport({ url, pool: true, maxConnections: 2, requireTLS: !isHere(new URL(url).hostname), ...timeouts });
  return {
    async send(mail, from) {
      await transport.sendMail(messageOf(mail, from));
    },
    // Also what is under way: whoever closes has waited for it as long as it was to be waited for.
    close: () => transport.close({ force: true }),
  };
}
