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
  isIntrospectionType,
  isListType,
  isObjectType,
  Kind,
  type OperationDefinitionNode,
  type SelectionNode,
  type SelectionSetNode,
  type ValueNode,
} from 'graphql';
import { NODE_IDS_MAX, PAGE_SIZE_DEFAULT } from '../connections/page.ts';
import { isConnection, isPartOfPage } from './pages.ts';

/** How much an operation asks for, in the worst case. Every number saturates at `COUNT_MAX`. */
export interface OperationSize {
  /** Levels of fields, `edges` and `node` included, counted from the root; what is read of the schema is left aside. */
  readonly depth: number;
  /** Levels of fields below and with `__schema` or `__type`. */
  readonly introspectionDepth: number;
  /** Objects that may be read: 1 for each, a page's size for each list, 1,000 for each look into the schema. */
  readonly cost: number;
  /** Scalars that the answer may hold: those of each row, times the rows. A JSON value counts as 100. */
  readonly values: number;
  /** Root fields, each alias for itself, `__typename` and `__schema` included. */
  readonly rootFields: number;
  /** Fields with another name than their own, once for each spread of the fragment that they are in. */
  readonly aliases: number;
  /** `@skip`, `@include` and the like, counted in the same way. */
  readonly directives: number;
}

/** Where counting ends: fragments that double each other would otherwise leave the numbers that can be computed with. */
export const COUNT_MAX = 1_000_000_000;

/** What a look into the schema costs: nobody knows how many objects it gives, and the whole of it takes long to answer. */
export const INTROSPECTION_COST = 1_000;

/** As how many values one of JSON counts: it may be 64 kB, and a page of them has to fit into memory. */
const JSON_VALUES = 100;
const JSON_SCALARS: ReadonlySet<string> = new Set(['JSON', 'JSONObject']);

interface Measured extends Omit<OperationSize, 'rootFields'> {
  readonly fields: number;
}

interface Reading {
  readonly schema: GraphQLSchema;
  readonly pageSizeMax: number;
  readonly fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** What each fragment was found to ask for: a fragment is read once, however often it is spread. */
  readonly measured: Map<string, Measured>;
  /** The value of an argument as far as sizes need it; undefined when it is not given. */
  readonly valueOf: (node: ValueNode) => unknown;
}

type Parent = GraphQLCompositeType | undefined;

const NOTHING: Measured = { depth: 0, introspectionDepth: 0, cost: 0, values: 0, fields: 0, aliases: 0, directives: 0 };
const ENDLESS: Measured = { ...NOTHING, depth: COUNT_MAX, introspectionDepth: COUNT_MAX, cost: COUNT_MAX };
const SCALAR: Measured = { ...NOTHING, depth: 1, values: 1, fields: 1 };

/** What an operation is run with, as far as its size depends on it. */
export interface Request {
  readonly operationName?: string | null | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Rows of a page at most. */
  readonly pageSizeMax: number;
}

/**
 * Measures an operation of a validated document before it runs, in time linear in the document. An over-estimate where
 * exactness would need more: a field selected twice counts twice, a list counts as full, and a page that the server
 * would refuse counts as the largest. Null when the document has no such operation.
 */
export function measureOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  { operationName, variables, pageSizeMax }: Request,
): OperationSize | null {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!root) return null;
  const fragments = fragmentsOf(document);
  const reading = { schema, pageSizeMax, fragments, measured: new Map(), valueOf: valueReader(operation, variables) };
  const { fields: rootFields, ...measured } = measureSelections(reading, operation.selectionSet, root);
  const own = operation.directives?.length ?? 0;
  return { ...measured, rootFields, directives: measured.directives + own };
}

/** The fragments of a document by their names. */
export function fragmentsOf({ definitions }: DocumentNode): ReadonlyMap<string, FragmentDefinitionNode> {
  const fragments = definitions.filter((definition) => definition.kind === Kind.FRAGMENT_DEFINITION);
  return new Map(fragments.map((fragment) => [fragment.name.value, fragment]));
}

function measureSelections(reading: Reading, { selections }: SelectionSetNode, parent: Parent): Measured {
  let total = NOTHING;
  // An object has one type, so of the branches for different types only one can be taken: the dearest is counted.
  const branches = new Map<string, Measured>();
  for (const selection of selections) {
    const directives = selection.directives?.length ?? 0;
    if (directives > 0) total = sum(total, { ...NOTHING, directives });
    if (isLeftOut(reading, selection)) continue;
    const measured = measureSelection(reading, selection, parent);
    const branch = isAbstractType(parent) ? branchOf(reading, selection) : null;
    if (branch) branches.set(branch, sum(branches.get(branch) ?? NOTHING, measured));
    else total = sum(total, measured);
  }
  return branches.size === 0 ? total : sum(total, [...branches.values()].reduce(eitherOf));
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
  const aliases = node.alias && node.alias.value !== node.name.value ? 1 : 0;
  const measured = measureUnderItsName(reading, node, parent);
  return aliases === 0 ? measured : { ...measured, aliases: saturated(measured.aliases + aliases) };
}

function measureUnderItsName(reading: Reading, node: FieldNode, parent: Parent): Measured {
  const name = node.name.value;
  if (name === '__typename') return { ...SCALAR, depth: 0 };
  if (!node.selectionSet) return isJson(parent, name) ? { ...SCALAR, values: JSON_VALUES } : SCALAR;
  if (name in INTROSPECTION_FIELDS) {
    const type = typeNamed(reading, INTROSPECTION_FIELDS[name as keyof typeof INTROSPECTION_FIELDS]);
    return { ...withinSchema(measureSelections(reading, node.selectionSet, type)), cost: INTROSPECTION_COST };
  }
  const field = parent && 'getFields' in parent ? parent.getFields()[name] : undefined;
  const type = field && getNamedType(field.type);
  if (!field || !isCompositeType(type)) return SCALAR;
  const below = measureSelections(reading, node.selectionSet, type);
  if (isIntrospectionType(type)) return withinSchema(below);
  // Edges, nodes and page info are parts of the rows that the connection was counted for.
  const isPart = isPartOfPage(parent);
  const objects = isPart ? 1 : objectsOf(reading, node, field, type);
  return {
    ...below,
    depth: saturated(below.depth + 1),
    cost: saturated(isPart ? below.cost : objects * (1 + below.cost)),
    values: saturated(objects * below.values),
    fields: 1,
  };
}

function isJson(parent: Parent, name: string): boolean {
  const field = parent && 'getFields' in parent ? parent.getFields()[name] : undefined;
  return field !== undefined && JSON_SCALARS.has(getNamedType(field.type).name);
}

const INTROSPECTION_FIELDS = { __schema: '__Schema', __type: '__Type' } as const;

/** The schema is read from memory: what is below has a depth of its own, and neither rows nor values. */
function withinSchema(below: Measured): Measured {
  const introspectionDepth = saturated(Math.max(below.depth, below.introspectionDepth) + 1);
  return { ...below, depth: 0, introspectionDepth, cost: 0, values: 0, fields: 1 };
}

/** How many objects a field gives at most: 1, a page, or one for each id that is asked for. */
export function objectsOf(
  { pageSizeMax, valueOf }: Pick<Reading, 'pageSizeMax' | 'valueOf'>,
  node: FieldNode,
  field: GraphQLField<unknown, unknown>,
  type: GraphQLCompositeType,
): number {
  const argument = (name: string): unknown => {
    const given = node.arguments?.find((candidate) => candidate.name.value === name);
    return given && valueOf(given.value);
  };
  const isPage = isConnection(type) || field.args.some(({ name }) => name === 'first' || name === 'last');
  const size = argument('first') ?? argument('last');
  if (isPage) return pageSize(size ?? Math.min(PAGE_SIZE_DEFAULT, pageSizeMax), pageSizeMax);
  if (!isListType(getNullableType(field.type))) return 1;
  const ids = argument('ids');
  if (Array.isArray(ids)) return pageSize(ids.length, NODE_IDS_MAX);
  return ids === undefined ? PAGE_SIZE_DEFAULT : 1;
}

/** What is no size, or out of bounds, is refused later by the list itself, which says so better. */
function pageSize(size: unknown, most: number): number {
  return typeof size === 'number' ? Math.min(Math.max(size, 1), most) : most;
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
export function valueReader({ variableDefinitions = [] }: OperationDefinitionNode, variables: Readonly<Record<string, unknown>>) {
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

const saturated = (count: number): number => Math.min(count, COUNT_MAX);

/** What two selections ask for together. */
function sum(left: Measured, right: Measured): Measured {
  return {
    depth: Math.max(left.depth, right.depth),
    introspectionDepth: Math.max(left.introspectionDepth, right.introspectionDepth),
    cost: saturated(left.cost + right.cost),
    values: saturated(left.values + right.values),
    fields: saturated(left.fields + right.fields),
    aliases: saturated(left.aliases + right.aliases),
    directives: saturated(left.directives + right.directives),
  };
}

/** What two selections ask for at most when only one of them can be taken; what is written counts either way. */
function eitherOf(left: Measured, right: Measured): Measured {
  return {
    ...sum(left, right),
    cost: Math.max(left.cost, right.cost),
    values: Math.max(left.values, right.values),
  };
}
