import { once } from 'node:events';
import { createServer } from 'node:http';
import net, { type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { GraphQLError, type ExecutionResult } from 'graphql';
import pino from 'pino';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Principal } from '../../kernel/principal.ts';
import type { ServerContext } from '../request-state.ts';
import type { Api } from '../yoga.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createSocketDoor } from './web-sockets.ts';

// What one WebSocket may cost the server, whatever its client says and however little it reads: on a real server, and real
// clients, with answers made here.

const settled = { timeout: 20_000, interval: 20 };
const closing: (() => void | Promise<void>)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

type Answer = ExecutionResult | AsyncIterable<ExecutionResult>;
const principal = { kind: 'apiKey', credentialId: 'key' } as Principal;

/** A server whose door answers each operation with what `answer` makes, and its ends of the connections. */
async function serve(answer: () => Answer = () => ({}), heartbeatMs = 3_600_000) {
  const ends: Socket[] = [];
  const logged: string[] = [];
  const api = {
    fetchAPI: { Request },
    fetch: (_request: Request, { socket }: ServerContext) => {
      socket!.take(answer());
      return Promise.resolve(new Response(null, { status: 204 }));
    },
  } as unknown as Api;
  const limits = { perCaller: 100, perConnection: 100, perOrganization: 100, perProcess: 100 };
  const watches = { watch: () => ({ confirm: async () => undefined, stop: () => undefined }), close: () => undefined };
  const logger = pino({}, { write: (line: string) => void logged.push(line) });
  const door = createSocketDoor({ api, identify: async () => principal, watches, subscriptions: createSubscriptions(limits), limits, bodyLimitBytes: 100_000, logger, heartbeatMs });
  const server = createServer().on('upgrade', (request, socket, head) => {
    ends.push(socket as Socket);
    door.accept(request, socket, head, { address: null, secure: false });
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  closing.push(async () => {
    await door.close(0);
    server.close();
  });
  return { port, ends, logged };
}

async function connect(port: number, options: { autoPong?: boolean } = {}) {
  const socket = new WebSocket(`ws://127.0.0.1:${port}`, 'graphql-transport-ws', options);
  closing.push(() => socket.terminate());
  const messages: { readonly type: string; readonly id?: string }[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString()) as (typeof messages)[number]));
  // That its connection was reset is what some are to find out.
  socket.on('error', () => undefined);
  await once(socket, 'open');
  return { socket, messages, say: (message: object) => socket.send(JSON.stringify(message)) };
}

async function enter(port: number) {
  const client = await connect(port);
  client.say({ type: 'connection_init' });
  await expect.poll(() => client.messages, settled).toEqual([{ type: 'connection_ack' }]);
  return client;
}

test('a ping is answered without what came with it, and who reads nothing has hardly anything waiting', async () => {
  const { port, ends } = await serve();
  const reading = await connect(port);
  reading.say({ type: 'ping', payload: { x: 'said' } });
  await expect.poll(() => reading.messages, settled).toEqual([{ type: 'pong' }]);

  const { socket, say } = await connect(port);
  socket.pause();
  const end = ends[1]!;
  const sentBefore = end.bytesWritten;
  for (let count = 0; count < 150; count += 1) say({ type: 'ping', payload: { x: 'x'.repeat(90_000) } });
  await expect.poll(() => end.bytesRead, settled).toBeGreaterThan(150 * 90_000);
  await sleep(0);
  // What was handed to the system and what waits here are counted together.
  expect(end.bytesWritten - sentBefore).toBeLessThan(10_000);
});

test('all pings that come while nothing can be written have one answer', async () => {
  const large = async function* () {
    yield { data: { x: 'x'.repeat(20_000_000) } };
  };
  const { port, ends } = await serve(large);
  const { socket, messages, say } = await enter(port);
  const end = ends[0]!;
  socket.pause();
  say({ type: 'subscribe', id: '1', payload: { query: 'subscription { x }' } });
  await expect.poll(() => end.writableLength, settled).toBeGreaterThan(0);
  for (let count = 0; count < 150; count += 1) say({ type: 'ping' });
  // That it is here says that all before it are.
  const { bytesRead } = end;
  say({ type: 'pong', payload: { x: 'x'.repeat(50_000) } });
  await expect.poll(() => end.bytesRead, settled).toBeGreaterThan(bytesRead + 50_000);
  await sleep(0);
  socket.resume();
  await expect.poll(() => messages.map(({ type }) => type), settled).toEqual(['connection_ack', 'next', 'pong', 'complete']);
});

test('results of all subscriptions of a WebSocket go out one after the other, as fast as they are read', async () => {
  const SUBSCRIPTIONS = 40;
  const RESULT_BYTES = 1_000_000;
  let made = 0;
  const results = async function* () {
    for (let count = 0; count < 2; count += 1) {
      made += 1;
      yield { data: { x: 'x'.repeat(RESULT_BYTES) } };
    }
  };
  const { port, ends } = await serve(results);
  const { socket, messages, say } = await enter(port);
  socket.pause();
  for (let id = 0; id < SUBSCRIPTIONS; id += 1) say({ type: 'subscribe', id: String(id), payload: { query: 'subscription { x }' } });
  await expect.poll(() => made, settled).toBeGreaterThanOrEqual(SUBSCRIPTIONS);
  await sleep(0);
  expect(ends[0]!.writableLength).toBeLessThan(2 * RESULT_BYTES);
  // One that is given up while it waits for its turn keeps no other from having its own.
  say({ type: 'complete', id: String(SUBSCRIPTIONS - 1) });
  await expect.poll(() => ends[0]!.writableLength, settled).toBeGreaterThan(0);
  socket.resume();
  await expect.poll(() => messages.filter(({ type }) => type === 'complete').length, settled).toBe(SUBSCRIPTIONS - 1);
  for (let id = 0; id < SUBSCRIPTIONS - 1; id += 1) {
    expect(messages.filter((message) => message.id === String(id)).map(({ type }) => type)).toEqual(['next', 'next', 'complete']);
  }
});

test('who lets a megabyte of answers wait is cut off, and the log is not filled with what was not sent', async () => {
  const REFUSAL_BYTES = 400_000;
  const unsent: number[] = [];
  const refuse = () => {
    unsent.push(ends[0]!.writableLength);
    return { errors: [new GraphQLError('x'.repeat(REFUSAL_BYTES), { extensions: { code: 'BAD_REQUEST' } })] };
  };
  const { port, ends, logged } = await serve(refuse);
  const { socket, say } = await enter(port);
  socket.pause();
  for (let id = 0; id < 150; id += 1) say({ type: 'subscribe', id: String(id), payload: { query: 'subscription { x }' } });
  await expect.poll(() => ends[0]!.destroyed, settled).toBe(true);
  expect(Math.max(...unsent)).toBeLessThan(1_000_000 + 2 * REFUSAL_BYTES);
  expect(logged).toEqual([]);
});

test('of what fails on one WebSocket the log has one line', async () => {
  const { port, logged } = await serve(() => {
    throw new Error('out of order');
  });
  const { socket, say } = await enter(port);
  const closed = once(socket, 'close');
  for (let id = 0; id < 5; id += 1) say({ type: 'subscribe', id: String(id), payload: { query: 'subscription { x }' } });
  expect((await closed)[0]).toBe(4500);
  expect(logged).toEqual([expect.stringContaining('websocket failed')]);
});

/** A server that refuses everything, and how often it was asked. */
async function serveRefusals() {
  let asked = 0;
  const { port } = await serve(() => {
    asked += 1;
    return { errors: [new GraphQLError('No', { extensions: { code: 'BAD_REQUEST' } })] };
  });
  return { port, asked: () => asked };
}

test('who says more within a second than anybody has to say is sent away, and nothing more of it is heard', async () => {
  const { port, asked } = await serveRefusals();
  const { socket, say } = await enter(port);
  const closed = once(socket, 'close');
  for (let id = 0; id < 2_000; id += 1) say({ type: 'subscribe', id: String(id), payload: { query: 'subscription { x }' } });
  const [code, reason] = await closed;
  expect([code, String(reason)]).toEqual([1013, expect.stringContaining('RATE_LIMITED')]);
  expect(asked()).toBeLessThan(500);

  const frames = await connect(port);
  for (let count = 0; count < 2_000; count += 1) frames.socket.pong();
  expect((await once(frames.socket, 'close'))[0]).toBe(1013);
});

test('of one that is being closed nothing more is heard', async () => {
  const { port, asked } = await serveRefusals();
  const { socket, say } = await enter(port);
  const closed = once(socket, 'close');
  // To come in twice is against the protocol.
  say({ type: 'connection_init' });
  for (let id = 0; id < 5; id += 1) say({ type: 'subscribe', id: String(id), payload: { query: 'subscription { x }' } });
  expect([(await closed)[0], asked()]).toEqual([4429, 0]);
});

test('who has more messages unanswered than it may have subscriptions is sent away', async () => {
  const never = Promise.withResolvers<void>();
  let asked = 0;
  const { port } = await serve(() => {
    asked += 1;
    return (async function* () {
      await never.promise;
      yield {};
    })();
  });
  closing.push(() => never.resolve());
  const { socket, say } = await enter(port);
  const closed = once(socket, 'close');
  let next = 0;
  // Slowly: not by how many they are within a second.
  const saying = setInterval(() => say({ type: 'subscribe', id: String(next++), payload: { query: 'subscription { x }' } }), 10);
  closing.push(() => clearInterval(saying));
  expect([...(await closed)].map(String)).toEqual(['1013', expect.stringContaining('Too many messages at once')]);
  expect(asked).toBe(200);
});

test('only an answer to the last question keeps a WebSocket that says it is there', async () => {
  const { port } = await serve(undefined, 300);
  const honest = await enter(port);
  const { socket } = await connect(port, { autoPong: false });
  const closed = once(socket, 'close');
  const talking = setInterval(() => socket.pong('here'), 20);
  closing.push(() => clearInterval(talking));
  socket.on('ping', () => socket.pong());
  socket.send('{"type":"connection_init"}');
  expect((await closed)[0]).toBe(1006);
  expect(honest.socket.readyState).toBe(WebSocket.OPEN);
});

test('who does not close its end after it was told is cut off', async () => {
  const { port, ends } = await serve();
  const socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  closing.push(() => void socket.destroy());
  socket.on('error', () => undefined).resume();
  const head = ['GET / HTTP/1.1', 'Host: localhost', 'Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${Buffer.alloc(16).toString('base64')}`];
  // Without a protocol: it is told at once that it may not come in.
  socket.write(`${head.join('\r\n')}\r\n\r\n`);
  await expect.poll(() => ends[0]?.destroyed, settled).toBe(true);
});
