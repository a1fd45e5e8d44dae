import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { ErrorCode } from '../kernel/errors.ts';
import { describeForLog } from './error-log.ts';
import type { GraphiqlPage } from './graphiql/page.ts';
import { problemBody } from './problems.ts';
import { internalText } from './public-errors.ts';
import { commonHeaders, type Door, logRequest } from './request-log.ts';
import { createRequestState, type RequestState } from './request-state.ts';
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
  readonly logger: Logger;
}

type Handle = (request: IncomingMessage, response: ServerResponse, state: RequestState) => void | Promise<void>;

interface Choice {
  readonly door: Door;
  readonly handle: Handle;
}

/** Sends a request to the door that its path names; the GraphQL endpoint logs and answers by itself. */
export function createListener(doors: Doors): (request: IncomingMessage, response: ServerResponse) => void {
  return (request, response) => {
    const path = pathOf(request);
    if (path === GRAPHQL_PATH && !(doors.page && wantsPage(request))) return void doors.api(request, response);
    void answer(doors.logger, choose(doors, path, request), request, response);
  };
}

function choose({ page, readiness }: Doors, path: string | null, request: IncomingMessage): Choice {
  switch (path) {
    case null:
      return { door: 'none', handle: refuse(400, 'BAD_REQUEST', 'The address or the Host header is malformed.') };
    case '/health/live':
      return { door: 'health', handle: (_request, response) => sendJson(response, 200, '{"status":"live"}') };
    case '/health/ready':
      return { door: 'health', handle: readinessHandler(readiness) };
    case GRAPHQL_PATH:
      if (page) return { door: 'graphiql', handle: page.answer };
      break;
    case '/':
      if (page && wantsPage(request)) return { door: 'graphiql', handle: (_request, response) => redirect(response) };
      break;
  }
  return { door: 'none', handle: refuse(404, 'NOT_FOUND', `There is nothing here: the endpoint is ${GRAPHQL_PATH}.`) };
}

/** Answers with the common headers and writes the line; a failure is masked like one of the endpoint. */
async function answer(
  logger: Logger,
  { door, handle }: Choice,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const sentId = request.headers['x-request-id'];
  const state = createRequestState(typeof sentId === 'string' ? sentId : null);
  for (const [name, value] of Object.entries(commonHeaders(state.id))) response.setHeader(name, value);
  try {
    await handle(request, response, state);
  } catch (error) {
    logger.error({ requestId: state.id, error: describeForLog(error) }, 'unexpected failure');
    if (response.headersSent) response.destroy();
    else await refuse(500, 'INTERNAL', internalText(state.id))(request, response, state);
  }
  logRequest(logger, state, { door, method: request.method ?? '', status: response.statusCode });
}

/** The path, or null for what is no address: the Host header is part of it and comes from the caller too. */
function pathOf({ headers, url = '' }: IncomingMessage): string | null {
  const whole = `http://${headers.host ?? 'localhost'}${url}`;
  return url.startsWith('/') && URL.canParse(whole) ? new URL(whole).pathname : null;
}

function wantsPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && (headers.accept ?? '').includes('text/html');
}

function redirect(response: ServerResponse): void {
  response.writeHead(302, { location: GRAPHQL_PATH }).end();
}

function refuse(status: number, code: ErrorCode, message: string): Handle {
  return (_request, response, state) => {
    state.codes.add(code);
    sendJson(response, status, problemBody(code, message));
  };
}

/** 200 when requests can be answered, 503 when not, with what was looked at. */
function readinessHandler(readiness: Doors['readiness']): Handle {
  return async (_request, response) => {
    const { ready, checks } = await readiness();
    sendJson(response, ready ? 200 : 503, JSON.stringify({ status: ready ? 'ready' : 'not ready', checks }));
  };
}

function sendJson(response: ServerResponse, status: number, body: string): void {
  response.statusCode = status;
  response.setHeader('content-type', 'application/json; charset=utf-8');
  response.end(body);
}
