import { setImmediate as afterwards, setTimeout as wait } from 'node:timers/promises';
import { createTurns } from '../../kernel/turns.ts';

/** A mail to one person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

/** What a mail is handed to. */
export interface MailTransport {
  /** @throws when it was not taken. */
  send(mail: Mail, from: string): Promise<void>;
  close(): void;
}

/** Takes mails. Sending never waits and never fails for whoever sends: how long an answer took tells nothing of mails. */
export interface Mailer {
  send(mail: Mail): void;
  /** When every mail that was sent has been taken by the transport, or is lost. */
  settled(): Promise<void>;
  /** Lets the mails under way be taken, without further tries, and takes no more. */
  close(): Promise<void>;
}

export interface MailerOptions {
  readonly transport: MailTransport;
  /** The sender, as `Name <address>`. */
  readonly from: string;
  /** Told of a mail that could not be sent, never with its text or its address. */
  onLost(error: unknown): void;
  /** How long to wait before each further try, in milliseconds. */
  readonly retryDelaysMs?: readonly number[];
  /** How many mails may wait to be sent. */
  readonly waitingMax?: number;
}

/** How many mails are handed over at once. */
const AT_ONCE = 4;

/** A mailer that keeps what waits in this process: a mail that was lost with it can be asked for again. */
export function createMailer(options: MailerOptions): Mailer {
  const { transport, from, onLost, retryDelaysMs = [1_000, 5_000, 30_000], waitingMax = 1_000 } = options;
  const closing = new AbortController();
  const underWay = new Set<Promise<void>>();
  const inTurn = createTurns(AT_ONCE);

  const deliver = async (mail: Mail): Promise<void> => {
    // Nothing of the work is done before whoever sends it goes on.
    await afterwards();
    for (const delayMs of [...retryDelaysMs, null]) {
      try {
        // Its place is given up while it waits for the next try.
        return await inTurn(() => transport.send(mail, from));
      } catch (error) {
        if (delayMs === null || closing.signal.aborted) return onLost(error);
        await wait(delayMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  };

  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay);
  };

  return {
    send(mail) {
      if (closing.signal.aborted) return onLost(new Error('The server is stopping.'));
      if (underWay.size >= waitingMax) return onLost(new Error(`${waitingMax} mails are waiting to be sent already.`));
      const delivery = deliver(mail).finally(() => underWay.delete(delivery));
      underWay.add(delivery);
    },
    settled,
    async close() {
      closing.abort();
      await settled();
      transport.close();
    },
  };
}
