import type { Client, RequestArguments, RequestOptions } from './client.ts';
import { TenantryError } from './errors.ts';
import type { TypedDocument } from './typed-document.ts';

/** What `paginate` reads of any connection. */
export interface ConnectionPage<Node> {
  readonly edges: readonly { readonly node: Node }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

/** The variables of a document that can be paged: it hands `$after` on to its connection. */
export interface PageVariables {
  readonly after?: string | null | undefined;
}

export interface PaginateOptions extends RequestOptions {
  /** How many nodes to yield at most: all when not given. */
  readonly limit?: number;
}

/**
 * Every node of a connection, page by page: the next page is asked for when the last node of this one was used. `pick`
 * says where in the answer the connection is; none there is an empty list. `first` in the variables sets the size of a
 * page, `after` where to begin.
 *
 * @throws TenantryError of any request, and INVALID_RESPONSE when a page does not lead on to a new one: without that a
 * document that forgets to hand `$after` on would be asked for ever.
 */
export async function* paginate<Result, Variables extends PageVariables, Node>(
  client: Client,
  document: TypedDocument<Result, Variables>,
  variables: NoInfer<Variables>,
  pick: (result: Result) => ConnectionPage<Node> | null | undefined,
  options: PaginateOptions = {},
): AsyncGenerator<Node, void, undefined> {
  const { limit = Infinity, ...requestOptions } = options;
  const visited = new Set<string>();
  let left = limit;
  for (let after = variables.after ?? null; left > 0;) {
    const page = pick(
      await client.request(document, ...([{ ...variables, after }, requestOptions] as RequestArguments<Variables>)),
    );
    for (const { node } of page?.edges ?? []) {
      yield node;
      left -= 1;
      if (left <= 0) return;
    }
    if (!page?.pageInfo.hasNextPage) return;
    after = nextCursor(page.pageInfo.endCursor, visited);
  }
}

function nextCursor(cursor: string | null, visited: Set<string>): string {
  if (cursor === null || visited.has(cursor)) {
    const message = 'The list does not lead on to a new page. Does the document hand $after on to the connection?';
    throw new TenantryError(message, { code: 'INVALID_RESPONSE' });
  }
  visited.add(cursor);
  return cursor;
}
