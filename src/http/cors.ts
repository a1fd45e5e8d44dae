import type { CORSOptions } from 'graphql-yoga';

const PREFLIGHT_SECONDS = 600;

/**
 * What a page of another origin may do here: what this server's own pages may, when the origin is on the list, and
 * nothing otherwise. The answer names one origin or none: given a list, the library answers strangers with the origin
 * "null", which any page can take on in a frame without rights.
 */
export function corsFor(request: Request, allowed: readonly string[]): CORSOptions {
  const origin = request.headers.get('origin');
  if (origin === null || !allowed.includes(origin)) return false;
  return {
    origin,
    credentials: true,
    methods: ['GET', 'POST'],
    exposedHeaders: ['x-request-id'],
    maxAge: PREFLIGHT_SECONDS,
  };
}
