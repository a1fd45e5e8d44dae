import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { ErrorCode } from '../kernel/errors.ts';
import { compress } from './compression.ts';
import { describeForLog } from './error-log.ts';
import type { GraphiqlPage } from './graphiql/page.ts';
import { type Handle, sendJson } from './handle.ts';
import { EXPORT_PATH, KEYS_PATH, type LogDoors } from './log-doors.ts';
import { problemBody } from './problems.ts';
import { internalText } from './public-errors.ts';
import { commonHeaders, type Door, logRequest } from './request-log.ts';
import { createRequestState, type RequestState } from './request-state.ts';
import { createForwardedWarning, senderOf, type TrustedProxies } from './trusted-proxies.ts';
import { type Api, GRAPHQL_PATH } from './yoga.ts';

/** Whether the server can answer from its database now, with what was looked at. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

export interface Doors {
  readonly api: Api;
  /** Null when there is none. */
  readonly page: GraphiqlPage | null;
  readonly readiness: () => Promise<Readiness>;
  readonly log: LogDoors;
  readonly trusts: TrustedProxies;
  readonly logger: Logger;
}

interface Choice {
  readonly door: Door;
  readonly handle: Handle;
}

/** Sends a request to the door that its path names; the GraphQL endpoint logs and answers by itself. */
export function createListener(doors: Doors): (request: IncomingMessage, response: ServerResponse) => void {
  const warnOfForwarded = createForwardedWarning(doors.trusts, doors.logger);
  return (request, response) => {
    warnOfForwarded(request);
    const sentId = request.headers['x-request-id'];
    const sender = senderOf(request, doors.trusts);
    const state = createRequestState(typeof sentId === 'string' ? sentId : null, sender);
    const choice = choose(doors, request);
    compress(request, response, () => {
      state.hangUp = () => response.destroy();
      if (choice === 'graphql') void doors.api(request, response, { state });
      else void answer(doors.logger, choice, state, request, response);
    });
  };
}

/** Headers that mean something else to whoever reads the first of them than to whoever reads the last. */
const ONCE_ONLY = ['host', 'content-type', 'content-encoding', 'authorization', 'origin', 'x-organization-id'];

/** The first header that is there more than once and must not be. */
export function repeatedHeader({ headersDistinct }: IncomingMessage): string | undefined {
  return ONCE_ONLY.find((name) => (headersDistinct[name]?.length ?? 0) > 1);
}

/** The door that a request is for. */
function choose({ page, readiness, log }: Doors, request: IncomingMessage): Choice | 'graphql' {
  const twice = repeatedHeader(request);
  if (twice) return refusal(400, 'BAD_REQUEST', `The header ${twice} is there more than once.`);
  switch (pathOf(request)) {
    case null:
      return refusal(400, 'BAD_REQUEST', 'The address or the Host header is malformed.');
    case '/health/live':
      return readOnly(request, 'health', (_request, response) => sendJson(response, 200, '{"status":"live"}'));
    case '/health/ready':
      return readOnly(request, 'health', readinessHandler(readiness));
    case EXPORT_PATH:
      // Not with HEAD: whoever takes the log is written down.
      if (request.method === 'GET') return { door: 'export', handle: log.exportLog };
      return refusal(405, 'BAD_REQUEST', 'This address is read with GET.', { allow: 'GET' });
    case KEYS_PATH:
      return readOnly(request, 'keys', log.keys);
    case GRAPHQL_PATH:
      return page && wantsPage(request) ? { door: 'graphiql', handle: page.answer } : 'graphql';
    case '/':
      if (page && wantsPage(request)) return { door: 'graphiql', handle: (_request, response) => redirect(response) };
      break;
  }
  const isPageOfMails = PAGES_OF_MAILS.has(pathOf(request) ?? '');
  return refusal(404, 'NOT_FOUND', isPageOfMails ? NO_PAGE : `There is nothing here: the endpoint is ${GRAPHQL_PATH}.`);
}

/** Where the links of mails lead, below PUBLIC_URL. */
const PAGES_OF_MAILS: ReadonlySet<string> = new Set(['/verify-email', '/reset-password', '/accept-invitation']);
const NO_PAGE = 'This page is one of your app, not of this server: set PUBLIC_URL to where the app is, and the links of mails lead there.';

/** Answers with the common headers and writes the line; a failure is masked like one of the endpoint. */
async function answer(
  logger: Logger,
  { door, handle }: Choice,
  state: RequestState,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  for (const [name, value] of Object.entries(commonHeaders(state))) response.setHeader(name, value);
  try {
    await handle(request, response, state);
  } catch (error) {
    logger.error({ requestId: state.id, error: describeForLog(error) }, 'unexpected failure');
    if (response.headersSent) response.destroy();
    else await refusal(500, 'INTERNAL', internalText(state.id)).handle(request, response, state);
  }
  logRequest(logger, state, { door, method: request.method ?? '', status: response.statusCode });
}

/** A host name or address, and a port. */
const HOST = /^(?:[\w.-]+|\[[\da-fA-F:.]+\])(?::\d{1,5})?$/;

/** The path, or null for what is no address: the Host header is part of it and comes from the caller too. */
export function pathOf({ headers, httpVersion, url = '' }: IncomingMessage): string | null {
  // Only the first version of the protocol knew requests without one.
  if (headers.host === undefined && httpVersion !== '1.0') return null;
  // What is more than a name and a port would become part of the path.
  if (headers.host !== undefined && !HOST.test(headers.host)) return null;
  const whole = `http://${headers.host ?? 'localhost'}${url}`;
  return url.startsWith('/') && URL.canParse(whole) ? new URL(whole).pathname : null;
}

function wantsPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html');
}

function redirect(response: ServerResponse): void {
  response.writeHead(302, { location: GRAPHQL_PATH }).end();
}

function refusal(status: number, code: ErrorCode, message: string, headers: Record<string, string> = {}): Choice {
  const handle: Handle = (_request, response, state) => {
    state.codes.add(code);
    for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    sendJson(response, status, problemBody(code, message));
  };
  return { door: 'none', handle };
}

/** A door that is only looked at. */
function readOnly({ method }: IncomingMessage, door: Door, handle: Handle): Choice {
  if (method === 'GET' || method === 'HEAD') return { door, handle };
  return refusal(405, 'BAD_REQUEST', 'This address is read with GET.', { allow: 'GET, HEAD' });
}

/** 200 when requests can be answered, 503 when not, with what was looked at. */
function readinessHandler(readiness: Doors['readiness']): Handle {
  return async (_request, response) => {
    const { ready, checks } = await readiness();
    sendJson(response, ready ? 200 : 503, JSON.stringify({ status: ready ? 'ready' : 'not ready', checks }));
  };
}
