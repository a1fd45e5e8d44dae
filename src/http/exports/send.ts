import type { ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import type { Logger } from 'pino';
import type { RequestState } from '../request-state.ts';
import type { BegunExport } from './begin.ts';
import { describeFailure } from './refuse.ts';

/** Sends an export as the caller takes it. Ends when all of it was sent, or the caller is gone. */
export async function sendExport(begun: BegunExport, request: Request, response: ServerResponse, state: RequestState, logger: Logger): Promise<void> {
  const { organizationId, after, through } = begun;
  for (const cookie of state.setCookies) response.appendHeader('set-cookie', cookie);
  response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
  response.setHeader('content-disposition', `attachment; filename="log-${organizationId}-${after + 1}-${through}.jsonl"`);
  response.setHeader('cache-control', 'no-store, no-transform');
  response.setHeader('vary', 'Accept-Encoding');
  const source = Readable.from(inChunks(guarded(begun, state, logger)), { objectMode: false, highWaterMark: CHUNK_BYTES });
  // Nothing is read from the database that the caller has not taken, and nothing more once the caller is gone.
  const sent = takesGzip(request)
    ? pipeline(source, createGzip(), response.setHeader('content-encoding', 'gzip'))
    : pipeline(source, response);
  await sent.catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

/** What goes wrong on the way is the last line: the status was sent long ago. */
async function* guarded({ lines, confirm }: BegunExport, state: RequestState, logger: Logger): AsyncGenerator<string, void> {
  try {
    for await (const line of lines) {
      await confirm();
      yield line;
    }
  } catch (error) {
    yield describeFailure(logger, state, error).body;
  }
}

const CHUNK_BYTES = 64 * 1024;

/** Lines, some together: one by one they would be as many packets. */
async function* inChunks(lines: AsyncIterable<string>): AsyncGenerator<string, void> {
  let chunk = '';
  for await (const line of lines) {
    chunk += `${line}\n`;
    if (chunk.length < CHUNK_BYTES) continue;
    yield chunk;
    chunk = '';
  }
  if (chunk !== '') yield chunk;
}

function takesGzip({ headers }: Request): boolean {
  // See `mayBeCompressed`: what a browser asks for by its cookie may have been asked for by somebody else's page.
  if (headers.has('cookie')) return false;
  return (headers.get('accept-encoding') ?? '').split(',').some((part) => /^\s*gzip\s*(;\s*q=(?!0(\.0*)?\s*$)|$)/i.test(part));
}
