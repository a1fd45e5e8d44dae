import net from 'node:net';

/** A relay in front of the database that counts what passes and can fall silent, drop everybody, or come back. */
export interface Proxy {
  readonly url: string;
  /** Packets from the client to the server since the start. */
  sent(): number;
  /** Stops listening and cuts all connections: what a lost database looks like. */
  cut(): Promise<void>;
  /** While true, whatever arrives is swallowed, and the connections stay open: what a broken network looks like. */
  silence(silent: boolean): void;
  /** Swallows what the client sends with this text in it, until told null: a server that never answers a question. */
  swallow(text: string | null): void;
  /** Packets that were swallowed for their text. */
  swallowed(): number;
  /** Listens again, at the same address. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

const listen = (server: net.Server, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });

export const startProxy = async (databaseUrl: string): Promise<Proxy> => {
  const target = new URL(databaseUrl);
  const sockets = new Set<net.Socket>();
  let packets = 0;
  let silent = false;
  let unwanted: string | null = null;
  let swallowed = 0;
  const track = (socket: net.Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  };
  const open = () =>
    net.createServer((client) => {
      const server = net.connect(Number(target.port), target.hostname);
      for (const socket of [client, server]) track(socket.setNoDelay(true));
      client.on('data', (data) => {
        packets += 1;
        if (unwanted !== null && data.includes(unwanted)) swallowed += 1;
        else if (!silent) server.write(data);
      });
      server.on('data', (data) => {
        if (!silent) client.write(data);
      });
      client.on('close', () => server.destroy());
      server.on('close', () => client.destroy());
    });
  let server = open();
  await listen(server, 0);
  const { port } = server.address() as net.AddressInfo;
  const cut = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  const url = new URL(databaseUrl);
  url.hostname = '127.0.0.1';
  url.port = String(port);
  return {
    url: url.href,
    sent: () => packets,
    swallow: (text) => void (unwanted = text),
    swallowed: () => swallowed,
    cut,
    silence(wanted) {
      silent = wanted;
    },
    async restore() {
      server = open();
      await listen(server, port);
    },
    close: cut,
  };
};
