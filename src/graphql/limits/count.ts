import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getOperationAST,
  type GraphQLNamedType,
  type GraphQLSchema,
  isCompositeType,
  isIntrospectionType,
  Kind,
  type SelectionSetNode,
} from 'graphql';
import { fragmentsOf, INTROSPECTION_COST, objectsOf, type Request, valueReader } from './measure.ts';
import { isConnection, isPartOfPage } from './pages.ts';

interface Counting {
  readonly schema: GraphQLSchema;
  readonly pageSizeMax: number;
  readonly valueOf: ReturnType<typeof valueReader>;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
}

/** An object of the answer. */
type Answered = Readonly<Record<string, unknown>>;

/**
 * What an answer has cost: the objects that are in it, counted as `measureOperation` counts those that may be. A page
 * costs its rows, an empty one 1, and one whose edges were not asked for what was measured: they were read. What stands
 * under one name for two branches may count twice: bound it by what was measured.
 */
export function countObjects(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operationName, variables, pageSizeMax }: Request,
  data: object | null | undefined,
): number {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!root || !data) return 0;
  const counting = { schema, pageSizeMax, fragments: fragmentsOf(document), valueOf: valueReader(operation, variables) };
  return countBelow(counting, operation.selectionSet, root, [data as Answered], new Set());
}

/** @param spread the fragments that were counted for these objects already. */
function countBelow(
  counting: Counting,
  { selections }: SelectionSetNode,
  parent: GraphQLNamedType | undefined,
  objects: readonly Answered[],
  spread: Set<string>,
): number {
  let count = 0;
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) {
      if (!selection.selectionSet) continue;
      const rows: Answered[] = [];
      for (const object of objects) collect(object[selection.alias?.value ?? selection.name.value], rows);
      if (rows.length > 0) count += countField(counting, selection, selection.selectionSet, parent, rows);
      continue;
    }
    const name = selection.kind === Kind.FRAGMENT_SPREAD ? selection.name.value : null;
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? counting.fragments.get(selection.name.value) : selection;
    if (!fragment || (name !== null && spread.has(name))) continue;
    if (name !== null) spread.add(name);
    const condition = fragment.typeCondition?.name.value;
    const type = condition === undefined ? parent : counting.schema.getType(condition);
    count += countBelow(counting, fragment.selectionSet, type, objects, spread);
  }
  return count;
}

/** What the rows of one field and all below them cost. */
function countField(
  counting: Counting,
  node: FieldNode,
  selections: SelectionSetNode,
  parent: GraphQLNamedType | undefined,
  rows: readonly Answered[],
): number {
  const name = node.name.value;
  if (name === '__schema' || name === '__type') return INTROSPECTION_COST;
  const field = parent && 'getFields' in parent ? parent.getFields()[name] : undefined;
  const type = field && getNamedType(field.type);
  if (!field || !('args' in field) || !isCompositeType(type) || isIntrospectionType(type)) return 0;
  const below = countBelow(counting, selections, type, rows, new Set());
  if (isPartOfPage(parent)) return below;
  if (!isConnection(type)) return below + rows.length;
  const most = objectsOf(counting, node, field, type);
  return below + rows.reduce((total, page) => total + (rowsOf(page) ?? most), 0);
}

/** How many rows a page has, if they were asked for: edges are the only list of a connection. */
function rowsOf(page: Answered): number | undefined {
  const edges = Object.values(page).find(Array.isArray);
  return edges && Math.max(edges.length, 1);
}

/** Adds the objects that a field gave, out of as many lists as there are. */
function collect(value: unknown, into: Answered[]): void {
  if (Array.isArray(value)) for (const item of value) collect(item, into);
  else if (typeof value === 'object' && value !== null) into.push(value as Answered);
}
