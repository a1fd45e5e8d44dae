import { randomUUID } from 'node:crypto';
import { mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createTransport } from 'nodemailer';
import type { MailTransport } from './mailer.ts';
import { messageOf } from './message.ts';

/** What the outbox keeps of a mail beside the mail itself, for programs. */
export interface OutboxEntry {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  /** The addresses of its links. */
  readonly links: readonly string[];
}

const LINK = /https?:\/\/[^\s<>"]+/g;

/**
 * Sends no mail but writes it into a directory: as the message that would have been sent (.eml, which mail programs open),
 * and as JSON. Names sort by when they were written. Only the account of the server reads them: they open doors.
 */
export function createFileOutbox(directory: string): MailTransport {
  const composer = createTransport({ streamTransport: true, buffer: true, newline: 'unix' });
  let written = 0;
  return {
    async send(mail, from) {
      const name = `${new Date().toISOString().replaceAll(':', '-')}-${String((written += 1)).padStart(6, '0')}-${randomUUID().slice(0, 8)}`;
      const { message } = await composer.sendMail(messageOf(mail, from));
      const { to, subject, text } = mail;
      const entry: OutboxEntry = { to, subject, text, links: [...text.matchAll(LINK)].map(([link]) => link) };
      await mkdir(directory, { recursive: true, mode: 0o700 });
      await place(path.join(directory, `${name}.eml`), message as Buffer);
      await place(path.join(directory, `${name}.json`), `${JSON.stringify(entry, null, 2)}\n`);
    },
    close: () => composer.close(),
  };
}

/** Whoever reads the directory meanwhile sees the whole file or none. */
async function place(file: string, content: string | Buffer): Promise<void> {
  const unfinished = `${file}.part`;
  await writeFile(unfinished, content, { mode: 0o600 });
  await rename(unfinished, file);
}
