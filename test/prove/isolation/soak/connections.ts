import http from 'node:http';
import type { Caller } from './tenants.ts';

export interface Sent {
  readonly status: number;
  readonly requestId: string;
  readonly text: string;
}

export interface Connections {
  /**
   * Sends one request, over one of the connections that are kept open.
   *
   * @param cancelAfterMs closes the socket after so long, whatever has come by then; the answer is then null.
   */
  send(url: string, caller: Caller, requestId: string, body: object, cancelAfterMs?: number): Promise<Sent | null>;
  close(): void;
}

/** So many connections of plain HTTP/1.1, kept alive between requests. */
export function openConnections(count: number): Connections {
  const agent = new http.Agent({ keepAlive: true, maxSockets: count });
  return {
    send(url, { token, organization }, requestId, body, cancelAfterMs) {
      const text = JSON.stringify(body);
      const headers = {
        authorization: `Bearer ${token}`,
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(text),
        'x-request-id': requestId,
        ...(organization === undefined ? {} : { 'x-organization-id': organization }),
      };
      return new Promise((resolve, reject) => {
        let cancelled = false;
        const fail = (error: Error): void => (cancelled ? resolve(null) : reject(error));
        const request = http.request(url, { method: 'POST', agent, headers }, (response) => {
          const chunks: Buffer[] = [];
          response.on('data', (chunk: Buffer) => chunks.push(chunk));
          response.on('error', fail);
          response.on('end', () => {
            clearTimeout(timer);
            const answeredId = String(response.headers['x-request-id']);
            resolve({ status: response.statusCode ?? 0, requestId: answeredId, text: Buffer.concat(chunks).toString() });
          });
        });
        const cancel = (): void => {
          cancelled = true;
          request.destroy();
          resolve(null);
        };
        const timer = cancelAfterMs === undefined ? undefined : setTimeout(cancel, cancelAfterMs);
        request.on('error', fail);
        request.end(text);
      });
    },
    close: () => agent.destroy(),
  };
}
