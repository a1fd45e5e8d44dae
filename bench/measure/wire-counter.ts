import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** What went to the database. */
export interface WireCounts {
  /** Executed statements, those that set the tenant or open a transaction included. */
  readonly statements: number;
  /** How often the client waited for the server. */
  readonly roundTrips: number;
}

export interface WireCounter {
  /** The address of the database, through the counter. */
  readonly url: string;
  /** What was counted since the last call. */
  take(): WireCounts;
  close(): Promise<void>;
}

// The first byte of a message from the client, by the PostgreSQL protocol (55.7 Message Formats).
const EXECUTE = 'E'.charCodeAt(0);
const SIMPLE_QUERY = 'Q'.charCodeAt(0);
const SYNC = 'S'.charCodeAt(0);

const LENGTH_BYTES = 4;

/** Calls `onMessage` with the type of each message of a client; the first one has no type. */
const readMessages = (onMessage: (type: number) => void): ((piece: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0);
  let typeBytes = 0;
  return (piece) => {
    rest = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    while (rest.length >= typeBytes + LENGTH_BYTES) {
      const end = typeBytes + rest.readUInt32BE(typeBytes);
      if (rest.length < end) return;
      if (typeBytes === 1) onMessage(rest[0]!);
      rest = rest.subarray(end);
      typeBytes = 1;
    }
  };
};

/** A proxy in front of the database that counts what any client, whatever it is written in, really sends. */
export async function startWireCounter(databaseUrl: string): Promise<WireCounter> {
  const target = new URL(databaseUrl);
  let counts = { statements: 0, roundTrips: 0 };
  const sockets = new Set<Socket>();
  const count = (type: number): void => {
    if (type === EXECUTE || type === SIMPLE_QUERY) counts.statements += 1;
    if (type === SYNC || type === SIMPLE_QUERY) counts.roundTrips += 1;
  };
  const server = createServer((client) => {
    const database = connect(Number(target.port), target.hostname);
    client.on('data', readMessages(count));
    for (const [from, to] of [[client, database], [database, client]] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.pipe(to);
      from.on('error', () => to.destroy());
      from.on('close', () => sockets.delete(from));
    }
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    url: url.href,
    take() {
      const taken = counts;
      counts = { statements: 0, roundTrips: 0 };
      return taken;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
