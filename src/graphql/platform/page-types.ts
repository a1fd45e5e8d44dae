import type { ObjectRef } from '@pothos/core';
import { builder } from '../builder.ts';
import type { BuilderTypes } from '../connections/types.ts';
import type { PlatformPage } from './pages.ts';

/** The connection and edge types of what lies across organizations. @param what a page is of, in words. */
export function pageTypes<Node>(name: string, node: ObjectRef<BuilderTypes, Node>, what: string) {
  const edge = builder.objectRef<PlatformPage<Node>['edges'][number]>(`${name}Edge`).implement({
    description: `A ${name} in a list, with its place.`,
    tenant: 'platform',
    access: 'platform:admin',
    fields: (t) => ({
      cursor: t.exposeString('cursor', { description: 'The place of this row: give it to `after` of the same list.' }),
      node: t.field({ type: node, description: 'The row itself.', resolve: (parent) => parent.node as never }),
    }),
  });
  return builder.objectRef<PlatformPage<Node>>(`${name}Connection`).implement({
    description: `A page of ${what}.`,
    tenant: 'platform',
    access: 'platform:admin',
    fields: (t) => ({
      edges: t.field({ type: [edge], description: 'The rows of this page.', resolve: ({ edges }) => edges }),
      pageInfo: t.field({ type: builder.pageInfoRef(), description: 'Where this page stands in the list.', resolve: ({ pageInfo }) => pageInfo }),
    }),
  });
}
