import type { GraphQLError } from 'graphql';
import { createGraphQLError, type GraphQLParams, type Plugin } from 'graphql-yoga';
import { accepts, JSON_RANGES, STREAM_RANGES } from './accept.ts';

export const NOT_JSON = 'Send the request as JSON, with "Content-Type: application/json".';

const JSON_TYPE = /^application\/(graphql\+)?json(;\s*charset="?utf-8"?)?$/i;

/** A request that cannot be read; the status says in which way. */
function unreadable(message: string, status: number, headers: Record<string, string> = {}): GraphQLError {
  return createGraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status, headers } } });
}

/**
 * JSON is the only body that is read, and JSON or a stream of events the only answer. Forms and plain text are what a page of another site can
 * send with a browser's cookies without asking first, so refusing them is the protection against cross-site requests.
 * What could not be answered is refused before it is done.
 */
export function useReadableRequests(): Plugin {
  return {
    onRequestParse({ request, requestParser, setRequestParser, endResponse, fetchAPI }) {
      const { method, headers } = request;
      if (method !== 'GET' && method !== 'POST') return;
      const accept = headers.get('accept');
      if (!accepts(accept, JSON_RANGES) && !accepts(accept, STREAM_RANGES)) return endResponse(new fetchAPI.Response(null, { status: 406 }));
      if (method === 'GET' && requestParser) return setRequestParser((asked) => readAddress(asked, requestParser));
      if (!JSON_TYPE.test(headers.get('content-type')?.trim() ?? '')) throw unreadable(NOT_JSON, 415);
      const encoding = headers.get('content-encoding');
      if (encoding !== null && encoding.trim().toLowerCase() !== 'identity') {
        throw unreadable('Send the request without compression.', 415, { 'Accept-Encoding': 'identity' });
      }
    },
  };
}

/** Of two values whoever reads them takes the first or the last: nobody is to guess. @throws GraphQLError */
export function refuseRepeated(parameters: URLSearchParams, names: readonly string[]): void {
  for (const name of names) {
    if (parameters.getAll(name).length > 1) throw unreadable(`The address has "${name}" more than once.`, 400);
  }
}

type Parse = (request: Request) => unknown;

/** The parameters of a GET, with the id of a document, which the library does not know. */
function readAddress(request: Request, parse: Parse): GraphQLParams {
  const { searchParams } = new URL(request.url);
  refuseRepeated(searchParams, ['query', 'documentId', 'operationName', 'variables', 'extensions']);
  const documentId = searchParams.get('documentId');
  try {
    return { ...(parse(request) as GraphQLParams), ...(documentId !== null && { documentId }) };
  } catch {
    throw unreadable('The parameters "variables" and "extensions" of the address must be JSON.', 400);
  }
}
