import { NotFoundError } from '../kernel/errors.ts';

/** The query for one row by its id. The where that the first wall has put into the query stays in it. */
export function byId<Query extends object>(query: Query, id: string): Query & { readonly where: { readonly id: string } } {
  const { where } = query as { readonly where?: object };
  return { ...query, where: { ...where, id } };
}

/** The same for several rows. */
export function byIds<Query extends object>(query: Query, ids: readonly string[]): Query & { readonly where: { readonly id: { in: string[] } } } {
  const { where } = query as { readonly where?: object };
  return { ...query, where: { ...where, id: { in: [...ids] } } };
}

/** The row, or NOT_FOUND: what a change answers with is read after it, and may have been deleted in between. */
export async function orNotFound<Row>(row: PromiseLike<Row | null>, what: string): Promise<Row> {
  const found = await row;
  if (found === null) throw new NotFoundError(what);
  return found;
}
