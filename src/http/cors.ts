import type { CORSOptions } from 'graphql-yoga';

const PREFLIGHT_SECONDS = 600;

/** Pages that run on the caller's own machine, whatever the port: an app under development. */
const OWN_MACHINE = /^https?:\/\/(localhost|127\.0\.0\.1|\[::1\])(:\d+)?$/;

export interface CorsRules {
  /** The origins whose pages may do what this server's own may. */
  readonly corsOrigins: readonly string[];
  /** Whether pages of the caller's own machine may call with a key, but without cookies: in development. */
  readonly corsLocal: boolean;
}

/** Whether pages of another origin may call at all. */
export function isAllowedOrigin(origin: string, { corsOrigins, corsLocal }: CorsRules): boolean {
  return corsOrigins.includes(origin) || (corsLocal && OWN_MACHINE.test(origin));
}

/**
 * What a page of another origin may do here, and nothing when it is not on the list. The answer names one origin or none:
 * given a list, the library answers strangers with the origin "null", which any page can take on in a frame without
 * rights.
 */
export function corsFor(request: Request, { corsOrigins, corsLocal }: CorsRules): CORSOptions {
  const origin = request.headers.get('origin');
  if (origin === null) return false;
  if (!isAllowedOrigin(origin, { corsOrigins, corsLocal })) return false;
  const listed = corsOrigins.includes(origin);
  return {
    origin,
    // Of the pages of a machine, some are strangers to each other. One that was not named has to know a key.
    credentials: listed,
    methods: ['GET', 'POST'],
    allowedHeaders: ['authorization', 'content-type', 'x-organization-id', 'x-request-id'],
    exposedHeaders: ['retry-after', 'x-request-id'],
    maxAge: PREFLIGHT_SECONDS,
  };
}
