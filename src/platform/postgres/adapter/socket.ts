import net from 'node:net';

/**
 * A socket that ends when what it received cannot be read. The driver reads messages as they arrive and throws out of
 * the event at those that are none: without this, bytes that are no PostgreSQL would end the process.
 */
export function createGuardedSocket(): net.Socket {
  const socket = new net.Socket();
  const emit = socket.emit.bind(socket) as (event: string | symbol, ...values: unknown[]) => boolean;
  socket.emit = (event: string | symbol, ...values: unknown[]): boolean => {
    if (event !== 'data') return emit(event, ...values);
    try {
      return emit(event, ...values);
    } catch (cause) {
      socket.destroy(new Error('Connection terminated: what came is no answer of PostgreSQL', { cause }));
      return true;
    }
  };
  return socket;
}
