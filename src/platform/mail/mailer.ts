import { setImmediate as afterwards, setTimeout as wait } from 'node:timers/promises';
import { type Clock, systemClock } from '../../kernel/clock.ts';
import { createTurns } from '../../kernel/turns.ts';
import { createAllowance } from '../rate-limits/allowance.ts';

/** A mail to one person. */
export interface Mail {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /**
   * Of what kind it is, when somebody else brings it about and can do so again and again: 5 an hour of a kind go to one
   * person, so that nobody's mailbox is filled. Whoever sends such a mail has it in a log as well.
   */
  readonly causedByOthers?: string;
}

/** What a mail is handed to. */
export interface MailTransport {
  /** @throws when it was not taken. */
  send(mail: Mail, from: string): Promise<void>;
  /** Gives up what is under way. */
  close(): void;
}

/** Takes mails. Sending never waits and never fails for whoever sends: how long an answer took tells nothing of mails. */
export interface Mailer {
  send(mail: Mail): void;
  /** When every mail that was sent has been taken by the transport, or is lost. */
  settled(): Promise<void>;
  /**
   * Takes no more, and gives those that were sent one more chance to be taken, for some seconds: what the server has not
   * answered for by then is lost.
   */
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
  /** How long closing may take, in milliseconds. */
  readonly closeWithinMs?: number;
  /** By which the hour of what others cause goes by. */
  readonly clock?: Clock;
}

/** How many mails are handed over at once. */
const AT_ONCE = 4;
/** To one person, of one kind of what others cause. In this process alone: it is no bound that a door depends on. */
const CAUSED_BY_OTHERS = { most: 5, withinMs: 60 * 60_000 };

/** A mailer that keeps what waits in this process: a mail that was lost with it can be asked for again. */
export function createMailer(options: MailerOptions): Mailer {
  const { transport, from, onLost, retryDelaysMs = [1_000, 5_000, 30_000], waitingMax = 1_000, closeWithinMs = 5_000, clock = systemClock } = options;
  const closing = new AbortController();
  /** What has neither been taken nor been lost, and how to lose it. */
  const underWay = new Map<Promise<void>, (reason: Error) => void>();
  const inTurn = createTurns(AT_ONCE);
  const allowance = createAllowance(CAUSED_BY_OTHERS);
  let over = false;

  const deliver = async (mail: Mail): Promise<void> => {
    // Nothing of the work is done before whoever sends it goes on.
    await afterwards();
    for (const delayMs of [...retryDelaysMs, null]) {
      try {
        // Its place is given up while it waits for the next try.
        return await inTurn(async () => {
          // Whose turn comes too late has been told of as lost.
          if (!over) await transport.send(mail, from);
        });
      } catch (error) {
        if (delayMs === null || closing.signal.aborted) throw error;
        await wait(delayMs, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
  };

  const isOneTooMany = ({ to, causedByOthers: kind }: Mail): boolean => kind !== undefined && allowance.take(`${kind} ${to}`, 1, clock.now()).granted === 0;

  const settled = async (): Promise<void> => {
    while (underWay.size > 0) await Promise.all(underWay.keys());
  };

  return {
    send(mail) {
      if (closing.signal.aborted) return onLost(new Error('The server is stopping.'));
      if (underWay.size >= waitingMax) return onLost(new Error(`${waitingMax} mails are waiting to be sent already.`));
      if (isOneTooMany(mail)) return;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const delivery = promise.catch(onLost).finally(() => underWay.delete(delivery));
      underWay.set(delivery, reject);
      deliver(mail).then(resolve, reject);
    },
    settled,
    async close() {
      closing.abort();
      const giveUp = () => {
        over = true;
        for (const lose of underWay.values()) lose(new Error('The server is stopping, and mails were not taken in time.'));
      };
      const timer = setTimeout(giveUp, closeWithinMs);
      await settled();
      clearTimeout(timer);
      transport.close();
    },
  };
}
