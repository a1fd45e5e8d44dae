import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gunzipSync } from 'node:zlib';
import { pagePolicy } from '../security-headers.ts';

interface Page {
  readonly policy: string;
  readonly gzipped: Buffer;
  readonly etag: string;
}

/** The query page, from this server alone: nothing in it is loaded from anywhere else. */
export interface GraphiqlPage {
  /** Answers with the page; the browser keeps it and asks whether it is still the same. */
  answer(request: IncomingMessage, response: ServerResponse): Promise<void>;
}

/** Makes the page when somebody first asks for it, and keeps it compressed: 2 MB instead of 9. */
export function createGraphiqlPage(): GraphiqlPage {
  let page: Promise<Page> | undefined;
  const load = () => {
    // A failure is not kept: the next request tries again.
    page ??= render().catch((error: unknown) => {
      page = undefined;
      throw error;
    });
    return page;
  };
  return {
    async answer(request, response) {
      const { gzipped, etag, policy } = await load();
      response.setHeader('content-security-policy', policy);
      response.setHeader('etag', etag);
      response.setHeader('cache-control', 'no-cache');
      response.setHeader('vary', 'accept, accept-encoding');
      if (request.headers['if-none-match'] === etag) return void response.writeHead(304).end();
      response.setHeader('content-type', 'text/html; charset=utf-8');
      const compressed = /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
      if (!compressed) return void response.end(gunzipSync(gzipped));
      response.writeHead(200, { 'content-encoding': 'gzip', 'content-length': gzipped.length }).end(gzipped);
    },
  };
}

const SCRIPT = fileURLToPath(new URL('./render.ts', import.meta.url));
const PAGE_BYTES_MAX = 20_000_000;

async function render(): Promise<Page> {
  const options = { encoding: 'buffer', maxBuffer: PAGE_BYTES_MAX } as const;
  const { stdout } = await promisify(execFile)(process.execPath, [SCRIPT], options);
  const lineEnd = stdout.indexOf('\n');
  const gzipped = stdout.subarray(lineEnd + 1);
  const policy = pagePolicy(stdout.subarray(0, lineEnd).toString());
  return { gzipped, policy, etag: `"${createHash('sha256').update(gzipped).digest('base64url')}"` };
}
