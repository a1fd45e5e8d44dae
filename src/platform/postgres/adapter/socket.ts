import net from 'node:net';
import type { Duplex } from 'node:stream';

/**
 * Makes a connection end when what it received cannot be read. The driver reads messages as they arrive and throws out
 * of the event at those that are none: without this, bytes that are no PostgreSQL would end the process.
 */
export function guardStream<Stream extends Duplex>(stream: Stream): Stream {
  const emit = stream.emit.bind(stream) as (event: string | symbol, ...values: unknown[]) => boolean;
  stream.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...values);
    try {
      return emit(event, ...values);
    } catch (cause) {
      stream.destroy(new Error('Connection terminated: what came is no answer of PostgreSQL', { cause }));
      return true;
    }
  };
  return stream;
}

/** A socket for the driver, guarded from its first byte on. */
export const createGuardedSocket = (): net.Socket => guardStream(new net.Socket());
