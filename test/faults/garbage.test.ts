import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { TLSSocket } from 'node:tls';
import { promisify } from 'node:util';
import { afterEach, expect, test } from 'vitest';
import { createAccessFeed } from '../../src/platform/postgres/access-changes.ts';
import { createPool } from '../../src/platform/postgres/adapter/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';

// Bytes at which the driver throws out of the event of its socket: nobody could catch that, and the process would end.
const REFUSAL_OUT_OF_TURN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 99]);
const SIGNED_IN = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 0]);
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

let closing: (() => Promise<unknown> | void)[] = [];
afterEach(async () => {
  for (const close of closing.toReversed()) await close();
  closing = [];
});

/** A server that is none; answers with its address. */
async function listen(serve: (socket: net.Socket) => void): Promise<string> {
  const server = net.createServer((socket) => {
    socket.on('error', () => undefined);
    closing.push(() => void socket.destroy());
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  closing.unshift(() => void server.close());
  return `postgresql://somebody:secret@127.0.0.1:${(server.address() as net.AddressInfo).port}/nowhere`;
}

const poolOf = (url: string) => {
  const pool = createPool({ url, size: 1, connectTimeoutMs: 20_000, statementTimeoutMs: 20_000, namedStatements: true });
  closing.push(() => pool.end());
  return pool;
};
const statement = [{ text: 'SELECT 1', values: [] }];

test('what is no PostgreSQL is a connection that failed, for every connection that this server opens', async () => {
  const connected = Promise.withResolvers<void>();
  let connections = 0;
  const url = await listen((socket) => {
    socket.once('data', () => socket.write(REFUSAL_OUT_OF_TURN));
    connections += 1;
    if (connections === 4) connected.resolve();
  });
  await expect(withClient(url, () => Promise.resolve())).rejects.toThrow(/^Cannot connect to .*: Connection terminated/);
  await expect(poolOf(url).run(statement)).rejects.toThrow('Connection terminated');
  const feed = createAccessFeed({ url, retryMinMs: 1 });
  closing.push(() => feed.close());
  // It goes on trying.
  await connected.promise;
  expect(feed.isListening()).toBe(false);
});

test('a message that PostgreSQL does not have fails its statement, and nothing after it is believed', async () => {
  let connections = 0;
  const url = await listen((socket) => {
    connections += 1;
    const unknown = Buffer.from([0x01, 0, 0, 0, 4]);
    socket.once('data', () => {
      socket.write(Buffer.concat([SIGNED_IN, READY]));
      socket.once('data', () => socket.write(Buffer.concat([unknown, READY])));
    });
  });
  const pool = poolOf(url);
  for (let time = 0; time < 2; time += 1) await expect(pool.run(statement)).rejects.toThrow('unknown message');
  expect(connections).toBe(2);
});

/** A key and its certificate, made for this test. */
async function certificate(): Promise<{ key: Buffer; cert: Buffer }> {
  const directory = await mkdtemp(path.join(tmpdir(), 'tenantry-test-tls-'));
  const [keyFile, certFile] = [path.join(directory, 'key.pem'), path.join(directory, 'cert.pem')];
  try {
    const subject = ['-subj', '/CN=localhost', '-days', '1', '-keyout', keyFile, '-out', certFile];
    await promisify(execFile)('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject]);
    return { key: await readFile(keyFile), cert: await readFile(certFile) };
  } finally {
    await rm(directory, { recursive: true });
  }
}

test('also behind TLS', async () => {
  const keys = await certificate();
  const url = await listen((socket) => {
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, ...keys });
      secure.on('error', () => undefined);
      secure.once('data', () => {
        secure.write(Buffer.concat([SIGNED_IN, READY]));
        secure.once('data', () => secure.write(REFUSAL_OUT_OF_TURN));
      });
    });
  });
  await expect(poolOf(`${url}?sslmode=no-verify`).run(statement)).rejects.toThrow('Connection terminated');
});
