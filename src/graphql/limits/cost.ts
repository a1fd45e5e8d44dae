import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  getNamedType,
  getNullableType,
  getOperationAST,
  type GraphQLCompositeType,
  type GraphQLField,
  type GraphQLSchema,
  isAbstractType,
  isCompositeType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { PAGE_SIZE_DEFAULT, PAGE_SIZE_MAX } from '../connections/page.ts';

/** How much an operation asks for, in the worst case. */
export interface OperationSize {
  /** Levels of fields, `edges` and `node` included, counted from the root. */
  readonly depth: number;
  /** Objects that may be read: 1 for each, and a page's size for each list. Saturates at `COST_MAX`. */
  readonly cost: number;
  /** Root fields, each alias for itself. */
  readonly rootFields: number;
}

/** Where counting ends: fragments that double each other would otherwise leave the numbers that can be computed with. */
export const COST_MAX = 1_000_000_000;

interface Measured {
  readonly depth: number;
  readonly cost: number;
  readonly fields: number;
}

interface Reading {
  readonly schema: GraphQLSchema;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** What each fragment was found to cost: a fragment is read once, however often it is spread. */
  readonly measured: Map<string, Measured>;
  /** The value of an argument as far as sizes need it; undefined when it is not given. */
  readonly valueOf: (node: ValueNode) => unknown;
}

type Parent = GraphQLCompositeType | undefined;

const NOTHING: Measured = { depth: 0, cost: 0, fields: 0 };
const ENDLESS: Measured = { depth: COST_MAX, cost: COST_MAX, fields: COST_MAX };

/**
 * Measures an operation of a validated document before it runs, in time linear in the document. An over-estimate where
 * exactness would need more: a field selected twice counts twice, a list counts as full, and a page that the server
 * would refuse counts as the largest. Null when the document has no such operation.
 */
export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operationName: string | null | undefined,
  variables: Readonly<Record<string, unknown>>,
): OperationSize | null {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!root) return null;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const reading = { schema, fragments, measured: new Map(), valueOf: valueReader(operation, variables) };
  const { depth, cost, fields } = measureSelections(reading, operation.selectionSet, root);
  return { depth, cost, rootFields: fields };
}

function measureSelections(reading: Reading, { selections }: SelectionSetNode, parent: Parent): Measured {
  let total = NOTHING;
  // An object has one type, so of the branches for different types only one can be taken: the dearest is counted.
  const branches = new Map<string, Measured>();
  for (const selection of selections) {
    if (isLeftOut(reading, selection)) continue;
    const measured = measureSelection(reading, selection, parent);
    const branch = isAbstractType(parent) ? branchOf(reading, selection) : null;
    if (branch) branches.set(branch, sum(branches.get(branch) ?? NOTHING, measured));
    else total = sum(total, measured);
  }
  return sum(total, [...branches.values()].reduce(largest, NOTHING));
}

function measureSelection(reading: Reading, selection: SelectionNode, parent: Parent): Measured {
  if (selection.kind === Kind.FIELD) return measureField(reading, selection, parent);
  if (selection.kind === Kind.FRAGMENT_SPREAD) return measureFragment(reading, selection.name.value);
  const condition = selection.typeCondition?.name.value;
  return measureSelections(reading, selection.selectionSet, condition ? typeNamed(reading, condition) : parent);
}

function measureFragment(reading: Reading, name: string): Measured {
  const known = reading.measured.get(name);
  if (known) return known;
  const fragment = reading.fragments.get(name);
  if (!fragment) return NOTHING;
  // What a fragment costs that spreads itself. Validation refuses one; without this, reading it would not end.
  reading.measured.set(name, ENDLESS);
  const condition = fragment.typeCondition.name.value;
  const measured = measureSelections(reading, fragment.selectionSet, typeNamed(reading, condition));
  reading.measured.set(name, measured);
  return measured;
}

function measureField(reading: Reading, node: FieldNode, parent: Parent): Measured {
  const name = node.name.value;
  if (name === '__typename') return NOTHING;
  // The schema is read from memory, and validation bounds how deep. It counts as a root field, so that it is not
  // asked for many times at once.
  if (name.startsWith('__')) return { depth: 1, cost: 0, fields: 1 };
  const field = parent && 'getFields' in parent ? parent.getFields()[name] : undefined;
  const type = field && getNamedType(field.type);
  if (!field || !node.selectionSet || !isCompositeType(type)) return { depth: 1, cost: 0, fields: 1 };
  const below = measureSelections(reading, node.selectionSet, type);
  // Edges, nodes and page info are parts of the rows that the connection was counted for.
  const isPartOfPage = /(Connection|Edge)$/.test(parent?.name ?? '');
  const cost = isPartOfPage ? below.cost : objectsOf(reading, node, field, type.name) * (1 + below.cost);
  return { depth: saturated(below.depth + 1), cost: saturated(cost), fields: 1 };
}

/** How many objects a field gives at most: 1, a page, or one for each id that is asked for. */
function objectsOf(reading: Reading, node: FieldNode, field: GraphQLField<unknown, unknown>, type: string): number {
  const argument = (name: string): unknown => {
    const given = node.arguments?.find((candidate) => candidate.name.value === name);
    return given && reading.valueOf(given.value);
  };
  const isPage = type.endsWith('Connection') || field.args.some(({ name }) => name === 'first' || name === 'last');
  if (isPage) return pageSize(argument('first') ?? argument('last') ?? PAGE_SIZE_DEFAULT);
  if (!isListType(getNullableType(field.type))) return 1;
  const ids = argument('ids');
  if (Array.isArray(ids)) return pageSize(ids.length);
  return ids === undefined ? PAGE_SIZE_DEFAULT : 1;
}

/** What is no size, or out of bounds, is refused later by the list itself, which says so better. */
function pageSize(size: unknown): number {
  return typeof size === 'number' ? Math.min(Math.max(size, 1), PAGE_SIZE_MAX) : PAGE_SIZE_MAX;
}

function isLeftOut({ valueOf }: Reading, { directives = [] }: SelectionNode): boolean {
  return directives.some(({ name, arguments: given = [] }) => {
    const condition = given.find((argument) => argument.name.value === 'if');
    const value = condition && valueOf(condition.value);
    return (name.value === 'skip' && value === true) || (name.value === 'include' && value === false);
  });
}

/** The object type that a fragment is for; null for what applies to several types. */
function branchOf(reading: Reading, selection: SelectionNode): string | null {
  if (selection.kind === Kind.FIELD) return null;
  const { typeCondition } =
    selection.kind === Kind.INLINE_FRAGMENT ? selection : (reading.fragments.get(selection.name.value) ?? {});
  const name = typeCondition?.name.value;
  return name !== undefined && isObjectType(reading.schema.getType(name)) ? name : null;
}

function typeNamed({ schema }: Reading, name: string): Parent {
  const type = schema.getType(name);
  return isCompositeType(type) ? type : undefined;
}

/** Reads variables as they were sent: those that do not fit their types are refused before anything runs. */
function valueReader({ variableDefinitions = [] }: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>) {
  const defaults = new Map(variableDefinitions.map(({ variable, defaultValue }) => [variable.name.value, defaultValue]));
  const valueOf = (node: ValueNode): unknown => {
    if (node.kind === Kind.VARIABLE) {
      const name = node.name.value;
      if (Object.hasOwn(variables, name) && variables[name] !== undefined) return variables[name];
      const value = defaults.get(name);
      return value && valueOf(value);
    }
    if (node.kind === Kind.INT) return Number(node.value);
    if (node.kind === Kind.NULL) return null;
    if (node.kind === Kind.LIST) return node.values;
    return 'value' in node ? node.value : node;
  };
  return valueOf;
}

const saturated = (count: number): number => Math.min(count, COST_MAX);

const sum = (left: Measured, right: Measured): Measured => ({
  depth: Math.max(left.depth, right.depth),
  cost: saturated(left.cost + right.cost),
  fields: saturated(left.fields + right.fields),
});

const largest = (left: Measured, right: Measured): Measured => ({
  depth: Math.max(left.depth, right.depth),
  cost: Math.max(left.cost, right.cost),
  fields: Math.max(left.fields, right.fields),
});
