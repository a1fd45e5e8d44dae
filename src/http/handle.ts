import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestState } from './request-state.ts';

/** Answers the requests of one door. What it throws before it has written anything is answered as a masked failure. */
export type Handle = (request: IncomingMessage, response: ServerResponse, state: RequestState) => void | Promise<void>;

export function sendJson(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}
