import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import pino from 'pino';
import { expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Principal } from '../../kernel/principal.ts';
import type { ServerContext } from '../request-state.ts';
import type { Api } from '../yoga.ts';
import { createSubscriptions } from './subscriptions.ts';
import { createSocketDoor } from './web-sockets.ts';

const principal = { kind: 'apiKey', credentialId: 'key' } as Principal;

test('what nobody has caught is told with a code and without its text, and the log has its place once', async () => {
  const lines: string[] = [];
  const logger = pino({}, { write: (line: string) => void lines.push(line) });
  const failing = (async function* () {
    yield { data: { is: 'well' } };
    throw new Error('a secret');
  })();
  const api = {
    fetchAPI: { Request },
    fetch: (_request: Request, { socket }: ServerContext) => {
      socket!.take(failing);
      return Promise.resolve(new Response(null, { status: 204 }));
    },
  } as unknown as Api;
  const limits = { perCaller: 1, perConnection: 1, perOrganization: 1, perProcess: 1 };
  const watches = { watch: () => ({ confirm: async () => undefined, stop: () => undefined }), close: () => undefined };
  const door = createSocketDoor({ api, identify: async () => principal, watches, subscriptions: createSubscriptions(limits), limits, bodyLimitBytes: 1_000, logger });
  const server = createServer().on('upgrade', (request, socket, head) => door.accept(request, socket, head, { address: null, secure: false }));
  await once(server.listen(0, '127.0.0.1'), 'listening');

  const socket = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`, 'graphql-transport-ws');
  const messages: unknown[] = [];
  const told = new Promise<void>((resolve) => {
    socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())) === 3 && resolve());
  });
  await once(socket, 'open');
  socket.send('{"type":"connection_init"}');
  await once(socket, 'message');
  socket.send('{"type":"subscribe","id":"1","payload":{"query":"subscription { is }"}}');
  await told;
  expect(messages.slice(1)).toEqual([
    { id: '1', type: 'next', payload: { data: { is: 'well' } } },
    { id: '1', type: 'error', payload: [{ message: 'Internal server error', extensions: { code: 'INTERNAL' } }] },
  ]);
  expect([lines.length, lines.join().includes('secret'), lines[0]]).toEqual([1, false, expect.stringContaining('unexpected failure')]);
  await door.close(0);
  server.close();
});
