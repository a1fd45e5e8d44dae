export { createFileOutbox, type OutboxEntry } from './file-outbox.ts';
export { createMailer, type Mail, type Mailer, type MailTransport } from './mailer.ts';
export { createSmtp } from './smtp.ts';
