import { TenantryError, toErrorCode, type FailureDetail } from './errors.ts';

/**
 * The data of an answer.
 *
 * @throws TenantryError with the server's code when there are errors, even beside data, and INVALID_RESPONSE when
 * something else than GraphQL answered: a proxy's error page, another path of the server.
 */
export function readAnswer(response: Response, text: string): unknown {
  const body = parse(text);
  const errors = readErrors(body?.['errors']);
  const data = body?.['data'];
  const [first] = errors;
  if (first) {
    const code = toErrorCode(first.extensions?.['code']);
    throw new TenantryError(first.message, { code, errors, data, ...placeOf(response) });
  }
  if (isObject(data)) return data;
  const type = response.headers.get('content-type') ?? 'no content type';
  const message = `The answer is not GraphQL (status ${response.status}, ${type}). Is the url the GraphQL endpoint?`;
  throw new TenantryError(message, { code: 'INVALID_RESPONSE', ...placeOf(response) });
}

function placeOf(response: Response): { status: number; requestId: string | null } {
  return { status: response.status, requestId: response.headers.get('x-request-id') };
}

function parse(text: string): Record<string, unknown> | null {
  try {
    const body: unknown = JSON.parse(text);
    return isObject(body) ? body : null;
  } catch {
    return null;
  }
}

function readErrors(errors: unknown): FailureDetail[] {
  return Array.isArray(errors) ? errors.filter(isFailureDetail) : [];
}

function isFailureDetail(value: unknown): value is FailureDetail {
  return isObject(value) && typeof value['message'] === 'string';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
