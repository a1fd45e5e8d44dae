import net from 'node:net';
import { createFrameReader, statementFrames } from './frames.ts';

/**
 * Faults are made on the wire, between the real pool and the real server, and a failing statement is made by the server
 * itself: in place of the Execute of the chosen statement it is given one that raises the wanted error. So the driver,
 * the adapter, Prisma, and the state of the server's transaction are all the real ones, and nothing in src knows of it.
 */
export type Fault =
  /** The server runs this statement instead. */
  | { readonly kind: 'instead'; readonly sql: string }
  /** The connection ends before the statement has reached the server. */
  | { readonly kind: 'drop' }
  /** The server does the statement, and the connection ends before its answer: nobody knows what became of it. */
  | { readonly kind: 'lose-answer' }
  /** Nothing more passes on this connection, in either direction, and it stays open. */
  | { readonly kind: 'hang' }
  /** The client gets these bytes in place of an answer. */
  | { readonly kind: 'garbage'; readonly bytes: Buffer };

export interface FaultProxy {
  readonly url: string;
  /** Statements that have passed since the last `arm` or `count`. */
  statements(): number;
  /** Lets the statement with this number, from 1, meet the fault; counts from here on. */
  arm(number: number, fault: Fault): void;
  /** Counts from here on, with no fault ahead. */
  count(): void;
  /** Whether the fault was met. */
  met(): boolean;
  /** Ends every connection that a fault has left hanging. */
  letGo(): void;
  close(): Promise<void>;
}

export async function startFaultProxy(databaseUrl: string): Promise<FaultProxy> {
  const target = new URL(databaseUrl);
  const sockets = new Set<net.Socket>();
  const hanging = new Set<net.Socket>();
  let statements = 0;
  let armed: { readonly number: number; readonly fault: Fault } | undefined;
  let met = false;

  const relay = (client: net.Socket): void => {
    const server = net.connect(Number(target.port), target.hostname);
    for (const socket of [client, server]) {
      sockets.add(socket.setNoDelay(true));
      socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    }
    const end = (): void => void [client.destroy(), server.destroy()];
    client.on('close', end);
    server.on('close', end);
    const read = createFrameReader();
    let toServer: 'passes' | 'held' = 'passes';
    let toClient: 'passes' | 'held' | 'ends' = 'passes';
    const strike = (fault: Fault): Buffer | undefined => {
      met = true;
      switch (fault.kind) {
        case 'instead':
          return statementFrames(fault.sql);
        case 'drop':
          end();
          return undefined;
        case 'lose-answer':
          toClient = 'ends';
          return undefined;
        case 'hang':
          hanging.add(client);
          toServer = toClient = 'held';
          return undefined;
        case 'garbage':
          toServer = toClient = 'held';
          client.write(fault.bytes);
          return undefined;
      }
    };
    client.on('data', (chunk: Buffer) => {
      const out: Buffer[] = [];
      for (const { type, bytes } of read(chunk)) {
        if (type === 'E') statements += 1;
        const fault = type === 'E' && statements === armed?.number ? armed.fault : undefined;
        const replaced = fault && strike(fault);
        // A terminating message passes always: the server would keep a connection that nobody has.
        if (toServer === 'passes' || type === 'X') out.push(replaced ?? bytes);
      }
      if (out.length > 0) server.write(Buffer.concat(out));
    });
    server.on('data', (data) => {
      if (toClient === 'passes') client.write(data);
      else if (toClient === 'ends') end();
    });
  };

  const listener = net.createServer(relay);
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String((listener.address() as net.AddressInfo).port);
  const restart = (next: typeof armed): void => {
    armed = next;
    statements = 0;
    met = false;
  };
  return {
    url: url.href,
    statements: () => statements,
    arm: (number, fault) => restart({ number, fault }),
    count: () => restart(undefined),
    met: () => met,
    letGo() {
      for (const socket of hanging) socket.destroy();
      hanging.clear();
    },
    close() {
      const closed = new Promise<void>((resolve) => listener.close(() => resolve()));
      for (const socket of sockets) socket.destroy();
      return closed;
    },
  };
}
