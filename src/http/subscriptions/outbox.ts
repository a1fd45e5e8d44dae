import type { WebSocket } from 'ws';

/** So much may wait to be sent by one WebSocket besides the largest part of it, which may be a result of any size. */
const MOST_UNSENT_BYTES = 1_000_000;
const PONG = JSON.stringify({ type: 'pong' });

/** What is sent by one WebSocket. */
export interface Outbox {
  /** Resolves when it was written, or when there is nobody any more to write it to. Cuts off who lets too much of it wait. */
  send(text: string): Promise<void>;
  /** Answers a ping. Pings that come before the answer was written are answered by the same one. */
  pong(): void;
  /** The same results, of which each is given out when what all others on this WebSocket gave out before was written. */
  inTurn<Result>(results: AsyncIterable<Result>): AsyncIterable<Result>;
}

/** Bounds what is kept for a client that does not read, whatever it asks for meanwhile. */
export function createOutbox(socket: WebSocket): Outbox {
  const takeTurn = createTurns();
  let largestBytes = 0;
  let isPongUnsent = false;
  let lastWritten = Promise.resolve();

  const write = (text: string): Promise<void> => new Promise((resolve) => {
    if (socket.readyState !== socket.OPEN) return resolve();
    const bytes = Buffer.byteLength(text);
    const unsentBytes = socket.bufferedAmount;
    largestBytes = unsentBytes === 0 ? bytes : Math.max(largestBytes, bytes);
    if (unsentBytes + bytes - largestBytes > MOST_UNSENT_BYTES) {
      socket.terminate();
      return resolve();
    }
    // What cannot be written has nobody to read it: that is told once, by the end of the connection.
    socket.send(text, () => resolve());
  });
  const send = (text: string): Promise<void> => {
    lastWritten = write(text);
    return lastWritten;
  };

  return {
    send,
    pong() {
      if (isPongUnsent) return;
      isPongUnsent = true;
      void send(PONG).then(() => (isPongUnsent = false));
    },
    inTurn<Result>(results: AsyncIterable<Result>): AsyncIterableIterator<Result, void> {
      const iterator = results[Symbol.asyncIterator]();
      let giveTurnBack = (): void => undefined;
      let isOver = false;
      return {
        async next() {
          // Whoever asks for the next one has written the one before.
          giveTurnBack();
          const step = await iterator.next();
          if (step.done) return step;
          giveTurnBack = await takeTurn();
          if (!isOver) return step;
          giveTurnBack();
          return { done: true, value: undefined };
        },
        async return() {
          isOver = true;
          // What it has given out last may still be on its way.
          void lastWritten.then(() => giveTurnBack());
          await iterator.return?.();
          return { done: true, value: undefined };
        },
        [Symbol.asyncIterator]() {
          return this;
        },
      };
    },
  };
}

/** One after the other, in the order in which they asked. Each answer gives the turn back; only the first time counts. */
function createTurns(): () => Promise<() => void> {
  let last = Promise.resolve();
  return async () => {
    const before = last;
    const { promise, resolve } = Promise.withResolvers<void>();
    last = promise;
    await before;
    return resolve;
  };
}
