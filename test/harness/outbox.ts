import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { OutboxEntry } from '../../src/platform/mail/index.ts';
import type { TestApp } from './app.ts';

/** A mail as a person finds it, with the token of its link. */
export interface ReadMail extends OutboxEntry {
  /** Throws when the mail has no link with one. */
  readonly token: string;
}

/** The mails that a server of the tests has written. */
export interface TestOutbox {
  /** The newest mail to an address. Throws when there is none. */
  last(to: string): Promise<ReadMail>;
  /** Every mail, or every one to an address, the oldest first. */
  all(to?: string): Promise<readonly OutboxEntry[]>;
}

export function outboxOf({ app, dataDir }: Pick<TestApp, 'app' | 'dataDir'>): TestOutbox {
  const directory = path.join(dataDir, 'outbox');
  const all = async (to?: string): Promise<OutboxEntry[]> => {
    await app.mailer.settled();
    const names = await readdir(directory).catch(() => []);
    const files = names.filter((name) => name.endsWith('.json')).sort();
    const mails = await Promise.all(files.map(async (name) => JSON.parse(await readFile(path.join(directory, name), 'utf8')) as OutboxEntry));
    return mails.filter((mail) => to === undefined || mail.to === to);
  };
  return {
    all,
    async last(to) {
      const mail = (await all(to)).at(-1);
      if (mail === undefined) throw new Error(`There is no mail to ${to}.`);
      return {
        ...mail,
        get token() {
          const token = new URL(mail.links[0] ?? 'about:blank').searchParams.get('token');
          if (token === null) throw new Error(`The mail "${mail.subject}" has no link with a token.`);
          return token;
        },
      };
    },
  };
}
