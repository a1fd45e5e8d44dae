import type { GraphQLNamedType } from 'graphql';

/** Whether a type is a page of a list. */
export function isConnection({ name }: GraphQLNamedType): boolean {
  return name.endsWith('Connection');
}

/** Whether what a type holds (edges, nodes, page info) belongs to the rows that their page is counted for. */
export function isPartOfPage(type: GraphQLNamedType | undefined): boolean {
  return type !== undefined && (isConnection(type) || type.name.endsWith('Edge'));
}
