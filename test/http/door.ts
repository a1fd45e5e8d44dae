import { request, type IncomingHttpHeaders } from 'node:http';
import net from 'node:net';
import { expect } from 'vitest';

/** What a socket answered, with nothing hidden by a client library. */
export interface Reply {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  /** The parsed body; undefined when it is no JSON. */
  readonly json: any;
}

export interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string | string[]>;
  /** The bytes of the body; an array is sent in chunks without a Content-Length. */
  readonly body?: string | Buffer | string[];
}

/** Sends one request on a connection of its own. */
export function send(url: string, { method = 'POST', headers = {}, body = '' }: SendOptions = {}): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const length =
      typeof body === 'string' || Buffer.isBuffer(body) ? { 'content-length': Buffer.byteLength(body) } : {};
    const outgoing = request(url, { method, headers: { ...length, ...headers }, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const text = Buffer.concat(chunks).toString();
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text, json: parsed(text) });
      });
      response.on('error', reject);
    });
    // A server that has answered need not read the rest of a body that it refuses.
    outgoing.on('error', reject);
    for (const part of Array.isArray(body) ? body : []) outgoing.write(part);
    outgoing.end(Array.isArray(body) ? undefined : body);
  });
}

/** Sends bytes as they are, and answers with whatever came until the server ended the connection. */
export function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect(Number(port), hostname, () => socket.write(bytes));
    socket.on('data', (chunk: Buffer) => (answer += chunk.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

/** Asks as an ordinary client does. */
export function ask(
  url: string,
  query: string,
  variables: Record<string, unknown> = {},
  headers: Record<string, string> = {},
): Promise<Reply> {
  const body = JSON.stringify({ query, variables });
  return send(url, { headers: { 'content-type': 'application/json', ...headers }, body });
}

/** The header of somebody with this key or token. */
export const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** What tells about the inside: statements, libraries, places in the code, tables. */
const INSIDE = [
  /\b(SELECT|INSERT|UPDATE|DELETE) .*\b(FROM|INTO|SET|WHERE)\b/,
  /prisma|postgres|yoga|node_modules/i,
  /\.[jt]s:\d|\bat .+\(|"stack"|originalError|invocation/,
  /\b(iam|app|app_meta|workflow)\.[a-z_]+|violates|constraint/,
];

/** A failure as every door gives it: errors with codes, and nothing of the inside. Answers with the codes. */
export function codesOf(reply: Reply): string[] {
  const { errors } = reply.json ?? {};
  expect(errors, reply.text.slice(0, 500)).toBeInstanceOf(Array);
  for (const error of errors) {
    expect(typeof error.message, reply.text).toBe('string');
    expect(error.extensions?.code, reply.text).toMatch(/^[A-Z_]+$/);
    expect(Object.keys(error).filter((key) => !['message', 'extensions', 'path', 'locations'].includes(key))).toEqual(
      [],
    );
    const extras = Object.keys(error.extensions).filter((key) => !['code', 'fields', 'permission', 'requestId', 'retryAfter'].includes(key));
    expect(extras).toEqual([]);
  }
  for (const inside of INSIDE) expect(reply.text).not.toMatch(inside);
  return errors.map((error: any) => error.extensions.code);
}
