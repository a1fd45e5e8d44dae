import { readAnswer } from './answer.ts';
import { TenantryError } from './errors.ts';
import type { TypedDocument } from './typed-document.ts';

const TIMEOUT_MS_DEFAULT = 30_000;
const SENDABLE = /^[\x21-\x7e]+$/;
const OPERATION_NAME = /^\s*(?:query|mutation)\s+(\w+)/;

export interface ClientOptions {
  /** The GraphQL endpoint, for example "https://api.example.com/graphql". */
  readonly url: string;
  /** An API key ("tk_...") or access token ("ta_..."). Not needed where a browser sends the session cookie. */
  readonly token?: string;
  /** The global id of the organization to work in, for a caller who belongs to several. */
  readonly organization?: string;
  /** Another fetch: for a proxy, for cookies across origins (`credentials: 'include'`), for tests. */
  readonly fetch?: typeof globalThis.fetch;
  /** Sent with every request, and stronger than those that the client sets itself. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Sends the ids of documents in place of their texts, to a server that has them in its TRUSTED_DOCUMENTS. */
  readonly sendIds?: boolean;
  /** How long an answer may take in milliseconds: 30,000 when not given. */
  readonly timeoutMs?: number;
}

export interface RequestOptions {
  /** Ends the request early. */
  readonly signal?: AbortSignal;
  /** Sent with this request, and stronger than the client's. */
  readonly headers?: Readonly<Record<string, string>>;
}

/**
 * What follows the document: its variables may be left out when it needs none. They are never inferred from what is
 * given, or a misspelt one would pass for one more variable.
 */
export type RequestArguments<Variables> =
  Record<never, never> extends Variables
    ? [variables?: NoInfer<Variables>, options?: RequestOptions]
    : [variables: NoInfer<Variables>, options?: RequestOptions];

export interface Client {
  /**
   * Sends one document and answers with its data. Failures that a mutation expects are part of the data; everything
   * else throws.
   *
   * Nothing is tried again by itself. The caller may: safe are queries, and mutations with an `idempotencyKey`.
   *
   * @throws TenantryError, and a TypeError for a document without an id when ids are to be sent.
   */
  request<Result, Variables>(
    document: TypedDocument<Result, Variables>,
    ...rest: RequestArguments<Variables>
  ): Promise<Result>;
}

/**
 * A client of one endpoint, for one caller. It keeps no state: make as many as there are callers.
 *
 * @throws TypeError for a token with line breaks or other characters that no header can carry.
 */
export function createClient(options: ClientOptions): Client {
  const { url, token, fetch = globalThis.fetch, sendIds = false, timeoutMs = TIMEOUT_MS_DEFAULT } = options;
  // Fetch would refuse it too, with the token in the text of its error.
  if (token !== undefined && !SENDABLE.test(token)) {
    throw new TypeError('The token has characters that cannot be sent: copy it anew.');
  }
  return {
    async request<Result, Variables>(
      document: TypedDocument<Result, Variables>,
      ...[variables, requestOptions]: RequestArguments<Variables>
    ) {
      const query = document.toString();
      const asked = sendIds ? { documentId: idOf(document) } : { query };
      // The name is what the server's log calls the request by.
      const body = JSON.stringify({ ...asked, operationName: OPERATION_NAME.exec(query)?.[1], variables });
      const headers = headersOf(options, requestOptions);
      const deadline = AbortSignal.timeout(timeoutMs);
      const signal = requestOptions?.signal ? AbortSignal.any([requestOptions.signal, deadline]) : deadline;
      const { response, text } = await exchange(fetch, url, { method: 'POST', headers, body, signal });
      return readAnswer(response, text) as Result;
    },
  };
}

function idOf({ __meta__ }: Pick<TypedDocument<unknown, unknown>, '__meta__'>): string {
  const id = __meta__?.['id'];
  if (typeof id === 'string') return id;
  throw new TypeError('The document has no id: generate it with persistedDocuments, whose hashPropertyName is "id".');
}

function headersOf(
  { token, organization, headers: ofClient }: ClientOptions,
  request: RequestOptions | undefined,
): Headers {
  const headers = new Headers({
    accept: 'application/graphql-response+json, application/json;q=0.9',
    'content-type': 'application/json',
  });
  if (organization !== undefined) headers.set('x-organization-id', organization);
  if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
  for (const [name, value] of Object.entries({ ...ofClient, ...request?.headers })) headers.set(name, value);
  return headers;
}

async function exchange(fetch: typeof globalThis.fetch, url: string, init: RequestInit & { signal: AbortSignal }) {
  try {
    const response = await fetch(url, init);
    return { response, text: await response.text() };
  } catch (cause) {
    throw notAnswered(url, init.signal, cause);
  }
}

function notAnswered(url: string, signal: AbortSignal, cause: unknown): TenantryError {
  if (!signal.aborted) {
    return new TenantryError(`${url} cannot be reached: ${reasonOf(cause)}`, { code: 'NETWORK_ERROR', cause });
  }
  const late = signal.reason instanceof DOMException && signal.reason.name === 'TimeoutError';
  return late
    ? new TenantryError(`${url} did not answer in time.`, { code: 'TIMEOUT', cause })
    : new TenantryError('The request was aborted.', { code: 'ABORTED', cause });
}

/** Why fetch failed. Node says "fetch failed" and puts the reason into the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  return cause.message || ('code' in cause ? String(cause.code) : error.message);
}
