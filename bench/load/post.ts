import { type Agent, request as send } from 'node:http';
import type { BenchRequest } from '../contenders/contender.ts';

export interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Sends one request and reads the whole answer. */
export function post(url: string, { headers, body }: BenchRequest, agent?: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { method: 'POST', headers: { ...headers, 'content-length': Buffer.byteLength(body) }, ...(agent && { agent }) };
    const request = send(url, options, (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (piece: string) => (text += piece));
      response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end(body);
  });
}
