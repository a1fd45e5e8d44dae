import { Agent, request } from 'node:http';
import net from 'node:net';
import { brotliDecompressSync, gunzipSync, inflateSync, zstdDecompressSync } from 'node:zlib';
import type { Caller, FuzzRequest } from './requests.ts';

/** What the server that is fuzzed has: credentials, and what the placeholders stand for. */
export interface FuzzWorld {
  readonly url: string;
  readonly tokens: Readonly<Partial<Record<Caller, string>>>;
  readonly ids: Readonly<Record<string, string>>;
  /** Ids of the other tenant's rows that are never sent, and so never stored by anybody else. */
  readonly foreignIds: readonly string[];
}

export interface FuzzReply {
  /** 0 when the connection ended without an answer. */
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Unpacked, when it came compressed. */
  readonly text: string;
  /** Ids of the other tenant's rows in it. */
  readonly foreignIds: readonly string[];
}

export interface FuzzClient {
  send(asked: FuzzRequest): Promise<FuzzReply>;
  close(): void;
}

type Reply = Omit<FuzzReply, 'foreignIds'>;

const ANSWER_WITHIN_MS = 60_000;
const NO_ANSWER: Reply = { status: 0, headers: {}, text: '' };

/** Sends over connections that stay open, and what a client library refuses to send over one of its own. */
export function createFuzzClient(world: () => FuzzWorld): FuzzClient {
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  return {
    async send(asked) {
      const { url, foreignIds } = world();
      const filled = fillIn(asked, world());
      const reply = await (asked.raw ? sendBytes(url, filled.body) : sendRequest(agent, url, filled));
      return { ...reply, foreignIds: foreignIds.filter((id) => reply.text.includes(id)) };
    },
    close: () => agent.destroy(),
  };
}

function fillIn(asked: FuzzRequest, { tokens, ids }: FuzzWorld): FuzzRequest {
  const fill = (sent: string): string => sent.replace(/(?:@|%40)(\w+)(?:@|%40)/g, (whole, name: string) => ids[name] ?? whole);
  const token = asked.caller === 'strange' ? 'tk_0123456789abcdefghijklmnopqrstuv' : tokens[asked.caller];
  const own = token && !asked.headers.some(([name]) => name === 'authorization') ? [['authorization', `Bearer ${token}`] as const] : [];
  // A person belongs to the organization that it names.
  const chosen = asked.caller === 'person' ? [['x-organization-id', ids['organization'] ?? ''] as const] : [];
  return {
    ...asked,
    search: fill(asked.search),
    body: fill(asked.body),
    headers: [...asked.headers, ...own, ...chosen].map(([name, value]) => [name, fill(value)] as const),
  };
}

/** What a header may hold, as bytes. */
const headerValue = (value: string): string => value.replace(/[^\t\x20-\x7e\x80-\xff]/g, '?');

function sendRequest(agent: Agent, url: string, { method, search, headers, body }: FuzzRequest): Promise<Reply> {
  const { hostname, port, pathname } = new URL(url);
  const bytes = Buffer.from(body);
  const flat = headers.flatMap(([name, value]) => [name, headerValue(value)]);
  const path = pathname + search.replace(/[^\x21-\x7e]/g, '%20');
  return new Promise((resolve) => {
    const outgoing = request({ agent, hostname, port, method, path, headers: ['host', `${hostname}:${port}`, 'content-length', String(bytes.length), ...flat] });
    outgoing.setTimeout(ANSWER_WITHIN_MS, () => outgoing.destroy());
    outgoing.on('response', (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, text: unpack(Buffer.concat(chunks), response.headers['content-encoding']) }));
      response.on('error', () => resolve(NO_ANSWER));
    });
    outgoing.on('error', () => resolve(NO_ANSWER));
    outgoing.end(bytes);
  });
}

const UNPACK: Readonly<Record<string, (bytes: Buffer) => Buffer>> = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync, zstd: zstdDecompressSync };

/** The text of a body. One that cannot be unpacked is no text, and so no JSON. */
function unpack(bytes: Buffer, encoding = 'identity'): string {
  if (bytes.length === 0) return '';
  try {
    return (UNPACK[encoding]?.(bytes) ?? bytes).toString();
  } catch {
    return `${bytes.length} bytes that are not ${encoding}`;
  }
}

function sendBytes(url: string, bytes: string): Promise<Reply> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    let answer = '';
    const socket = net.connect(Number(port), hostname, () => socket.end(Buffer.from(bytes, 'utf8')));
    socket.setTimeout(ANSWER_WITHIN_MS, () => socket.destroy());
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('error', () => undefined);
    socket.on('close', () => resolve(readAnswer(answer)));
  });
}

/** The first answer of what came; there may be more behind it. */
function readAnswer(answer: string): Reply {
  const [head = '', text = ''] = answer.split(/\r\n\r\n([^]*)/);
  const [first = '', ...lines] = head.split('\r\n');
  const headers = Object.fromEntries(lines.map((line) => [line.split(':', 1)[0]?.toLowerCase() ?? '', line.replace(/^[^:]*:\s*/, '')]));
  const length = Number(headers['content-length'] ?? Number.NaN);
  const whole = headers['transfer-encoding'] === 'chunked' ? joinChunks(Buffer.from(text)) : Buffer.from(text);
  const body = (Number.isNaN(length) ? whole : whole.subarray(0, length)).toString();
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(first)?.[1] ?? 0), headers, text: body };
}

function joinChunks(bytes: Buffer): Buffer {
  const chunks: Buffer[] = [];
  for (let rest = bytes; ; ) {
    const line = rest.indexOf('\r\n');
    const size = Number.parseInt(rest.subarray(0, line).toString(), 16);
    if (line < 0 || !(size > 0)) return Buffer.concat(chunks);
    chunks.push(rest.subarray(line + 2, line + 2 + size));
    rest = rest.subarray(line + 2 + size + 2);
  }
}
