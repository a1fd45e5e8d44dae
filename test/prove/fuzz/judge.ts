import type { FuzzReply } from './client.ts';
import type { FuzzRequest } from './requests.ts';

/** A word of the other tenant's texts; its rows are also known by their ids. No request has it. */
export const FOREIGN_MARK = 'globex';

/** What tells about the inside: statements, libraries, places in the code, tables. No request has these words. */
const INSIDE = [
  /\b(SELECT|INSERT|UPDATE|DELETE) .*\b(FROM|INTO|SET|WHERE)\b/,
  /prisma|postgres|pothos|graphql-yoga|node_modules|pg_catalog/i,
  /\.[jt]s:\d|\n\s+at .+\(|"stack"|originalError|invocation/,
  // An origin may be of a host called "app": of that schema these are the functions that statements name.
  /\b(iam|app_meta|credentials|workflow)\.[a-z_]+|\bapp\.(current|word|touch|announce|are)_?|violates|relation "|\bapi_keys\b|\bworkflow_versions\b|\bidempotency_keys\b/,
];

/** What operators of the platform ask across organizations, by design: their names and their ids. */
const ACROSS = /\bplatform(Organizations|Usage)\b/;
const asksAcross = ({ caller, body, search }: FuzzRequest): boolean => caller === 'operator' && ACROSS.test(`${body}${search}`);

const STATUSES: ReadonlySet<number> = new Set([200, 204, 302, 304, 400, 401, 403, 404, 405, 406, 408, 411, 413, 414, 415, 417, 429, 431]);

/** What is wrong with an answer; undefined when nothing is. */
export function problemOf(asked: FuzzRequest, { status, headers, text, foreignIds }: FuzzReply, codes: ReadonlySet<string>): string | undefined {
  // Bytes that are no request may be answered by the end of the connection.
  if (status === 0) return asked.raw ? undefined : 'no answer';
  const inside = INSIDE.map((form) => form.exec(text)?.[0]).find(Boolean);
  if (inside) return `tells of the inside: ${inside.slice(0, 100)}`;
  const mayNotSee = !asksAcross(asked);
  if (mayNotSee && `${text}${JSON.stringify(headers)}`.includes(FOREIGN_MARK)) return 'holds words of another tenant';
  if (mayNotSee && foreignIds.length > 0) return `holds ids of another tenant: ${foreignIds.join(', ')}`;
  if (!headers['x-request-id']) return `status ${status} without a request id`;
  const empty = asked.method === 'HEAD' || status === 204 || status === 304;
  const problem = empty ? undefined : problemOfBody(asked, text, headers, codes, status);
  return problem ?? (STATUSES.has(status) ? undefined : `status ${status}`);
}

function problemOfBody(
  asked: FuzzRequest,
  text: string,
  headers: FuzzReply['headers'],
  codes: ReadonlySet<string>,
  status: number,
): string | undefined {
  if (asked.method === 'OPTIONS' || (asked.raw && text === '')) return undefined;
  if (!/json/.test(String(headers['content-type']))) return `status ${status} of type ${headers['content-type']}`;
  let body: any;
  try {
    body = JSON.parse(text);
  } catch {
    return `status ${status} with a body that is no JSON`;
  }
  if (body.errors === undefined) return status < 400 && body.data !== undefined ? undefined : `status ${status} without errors or data`;
  for (const error of body.errors) {
    const code = error.extensions?.code;
    if (typeof error.message !== 'string' || !codes.has(code)) return `a failure with the code ${code}: ${String(error.message).slice(0, 200)}`;
    if (code === 'INTERNAL') return `INTERNAL under ${error.extensions.requestId}`;
    if (code === 'SERVICE_UNAVAILABLE' || code === 'OUTCOME_UNKNOWN') return `${code} under ${String(headers['x-request-id'])}`;
  }
  return undefined;
}
