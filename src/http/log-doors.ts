import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { createGraphQLError } from 'graphql-yoga';
import type { Logger } from 'pino';
import type { AccessLog, AuthService } from '../domains/auth/index.ts';
import type { LogExport, LogExporter } from '../domains/events/index.ts';
import type { ServiceContext } from '../domains/service-context.ts';
import { ForbiddenError, RateLimitedError, TenantContextError, UnauthenticatedError } from '../kernel/errors.ts';
import type { KeyRing } from '../platform/chain/index.ts';
import { createScope, runInScope } from '../platform/postgres/tenancy.ts';
import { type CallerOptions, callerOf } from './caller.ts';
import { withDeadline } from './deadline.ts';
import { describeForLog } from './error-log.ts';
import { type Handle, sendJson } from './handle.ts';
import { toPublicError } from './public-errors.ts';
import { type CallerMeter, subjectOf } from './rate-limits.ts';
import { originOf, type RequestState, stateOf } from './request-state.ts';

export const EXPORT_PATH = '/events/export';
export const KEYS_PATH = '/.well-known/tenantry-audit-keys.json';

/** The doors by which the log leaves. */
export interface LogDoors {
  readonly exportLog: Handle;
  /** The public keys, for everybody: they prove something, and open nothing. */
  readonly keys: Handle;
}

export interface LogDoorDependencies extends Pick<ServiceContext, 'db' | 'events' | 'clock' | 'accessChanged'>, CallerOptions {
  readonly auth: AuthService;
  readonly accessLog: AccessLog;
  readonly exporter: LogExporter;
  readonly keyRing: KeyRing;
  /** Null when callers are not limited over time. */
  readonly meter: CallerMeter | null;
  /** How long an export may take until it begins; then it takes as long as it takes. */
  readonly requestTimeoutMs: number;
  readonly logger: Logger;
}

/** What an export takes of what its caller may spend: it reads more than any query. */
const SIZE = { rootFields: 1, cost: 1_000, depth: 1, introspectionDepth: 0, aliases: 0, directives: 0, values: 0 };

export function createLogDoors(dependencies: LogDoorDependencies): LogDoors {
  const body = JSON.stringify({ keys: dependencies.keyRing.publicKeys });
  return {
    keys: (_request, response) => sendJson(response, 200, body),
    exportLog: (incoming, response, state) => exportLog(dependencies, incoming, response, state),
  };
}

async function exportLog(
  dependencies: LogDoorDependencies,
  incoming: IncomingMessage,
  response: ServerResponse,
  state: RequestState,
): Promise<void> {
  const request = toRequest(incoming);
  stateOf(request, { state });
  let begun: LogExport;
  try {
    begun = await withDeadline(state.startedAt + dependencies.requestTimeoutMs, () => begin(dependencies, request, state));
  } catch (error) {
    return refuse(dependencies, request, response, state, error);
  }
  const { organizationId, after, through, lines } = begun;
  for (const cookie of state.setCookies) response.appendHeader('set-cookie', cookie);
  response.setHeader('content-type', 'application/x-ndjson; charset=utf-8');
  response.setHeader('content-disposition', `attachment; filename="log-${organizationId}-${after + 1}-${through}.jsonl"`);
  response.setHeader('cache-control', 'no-store, no-transform');
  response.setHeader('vary', 'Accept-Encoding');
  const source = Readable.from(inChunks(guarded(dependencies, state, lines)), { objectMode: false, highWaterMark: CHUNK_BYTES });
  // Nothing is read from the database that the caller has not taken, and nothing more once the caller is gone.
  const sent = takesGzip(request)
    ? pipeline(source, createGzip(), response.setHeader('content-encoding', 'gzip'))
    : pipeline(source, response);
  await sent.catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_STREAM_PREMATURE_CLOSE') throw error;
  });
}

/** Everything that can refuse it, in the order of the other door: who calls, how often, in which organization, what for. */
async function begin(dependencies: LogDoorDependencies, request: Request, state: RequestState): Promise<LogExport> {
  const { auth, meter, accessLog, exporter, db, events, clock, accessChanged } = dependencies;
  const principal = await callerOf(request, auth, dependencies).identify();
  state.principal = principal;
  if (meter) {
    state.counted = true;
    const { refusal } = await meter.admit(principal, state.sender.address, SIZE);
    if (refusal) throw refusal;
  }
  if (!principal) throw new UnauthenticatedError();
  if (!principal.tenant) throw new TenantContextError();
  const origin = originOf(request);
  await accessLog.entered({ principal, origin });
  const userId = principal.kind === 'user' ? principal.userId : null;
  const { searchParams } = new URL(request.url);
  return runInScope(createScope({ orgId: principal.tenant.orgId, userId }), () =>
    exporter.begin(
      { principal, origin, db, events, clock, accessChanged },
      { after: searchParams.get('after'), through: searchParams.get('through') },
    ),
  );
}

/** A refusal as every door has it; written down, and counted, like those of the other one. */
async function refuse(
  { failures, accessLog, logger }: LogDoorDependencies,
  request: Request,
  response: ServerResponse,
  state: RequestState,
  thrown: unknown,
): Promise<void> {
  let cause = thrown;
  const { principal } = state;
  if (principal?.tenant && thrown instanceof ForbiddenError) {
    const { permission = null } = thrown.refused;
    const denial = { code: 'FORBIDDEN' as const, field: `GET ${EXPORT_PATH}`, permission, reason: thrown.message };
    await accessLog.denied({ principal, origin: originOf(request) }, [denial]);
  }
  if (failures && !state.counted) {
    await failures.take(subjectOf(principal, state.sender.address)).catch((error: unknown) => {
      if (error instanceof RateLimitedError) cause = error;
    });
  }
  const { body, status, headers } = describe(logger, state, cause);
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  for (const cookie of state.setCookies) response.appendHeader('set-cookie', cookie);
  sendJson(response, status, body);
}

function describe(logger: Logger, state: RequestState, thrown: unknown) {
  const wrapped = createGraphQLError('', { originalError: thrown as Error });
  const { error, unexpected } = toPublicError(wrapped, state.id);
  if (unexpected) logger.error({ requestId: state.id, error: describeForLog(unexpected) }, 'unexpected failure');
  const { http, ...extensions } = error.extensions as { code: string; http?: { status?: number; headers?: Record<string, string> } };
  state.codes.add(extensions.code);
  const body = JSON.stringify({ errors: [{ message: error.message, extensions }] });
  return { body, status: http?.status ?? 400, headers: http?.headers ?? {} };
}

/** What goes wrong on the way is the last line: the status was sent long ago. */
async function* guarded({ logger }: LogDoorDependencies, state: RequestState, lines: AsyncIterable<string>): AsyncGenerator<string, void> {
  try {
    yield* lines;
  } catch (error) {
    yield describe(logger, state, error).body;
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

/** The same request for those who know those of the other door. */
function toRequest({ headers: sent, url = '/' }: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(sent)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return new Request(`http://${sent.host ?? 'localhost'}${url}`, { headers });
}
