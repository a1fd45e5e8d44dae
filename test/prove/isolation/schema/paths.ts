import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLSchema,
  getNamedType,
  isAbstractType,
  isLeafType,
  isListType,
  isNonNullType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';

/** From an object type to one of its fields. */
export interface Step {
  readonly parent: GraphQLObjectType;
  readonly field: GraphQLField<unknown, unknown>;
}

/** Fields below each other, from a root field on. */
export type Path = readonly Step[];

export const coordinateOf = ({ parent, field }: Step): string => `${parent.name}.${field.name}`;

/** A path for people: its first coordinate, then names. */
export const pathText = (path: Path): string => [coordinateOf(path[0]!), ...path.slice(1).map(({ field }) => field.name)].join('.');

/** The object types that a field may lead to; none for a scalar. */
export function objectTypesOf(schema: GraphQLSchema, type: GraphQLOutputType): readonly GraphQLObjectType[] {
  const named = getNamedType(type);
  if (isAbstractType(named)) return schema.getPossibleTypes(named);
  return isObjectType(named) ? [named] : [];
}

export const fieldsOf = (type: GraphQLObjectType): GraphQLField<unknown, unknown>[] => Object.values(type.getFields());

const needsArguments = (field: GraphQLField<unknown, unknown>): boolean => field.args.some(isRequiredArgument);

const isLeaf = (field: GraphQLField<unknown, unknown>): boolean => isLeafType(getNamedType(field.type)) && !needsArguments(field);

const isList = (type: GraphQLOutputType | GraphQLInputType): boolean =>
  isListType(type) || (isNonNullType(type) && isListType(type.ofType));

/** One object that has nothing but scalars, like a page's info: read along with the object that it belongs to. */
const isPartOfObject = (field: GraphQLField<unknown, unknown>): boolean => {
  const type = getNamedType(field.type);
  return isObjectType(type) && field.args.length === 0 && !isList(field.type) && fieldsOf(type).every(isLeaf) && !type.getFields()['id'];
};

/** What is read of an object wherever a path comes past it. */
export const isReadInPassing = (field: GraphQLField<unknown, unknown>): boolean => isLeaf(field) || isPartOfObject(field);

/** All fields with a path of their own to them, below the root fields of queries, to a depth; each path as long as it can be. */
export function readPaths(schema: GraphQLSchema, depthMax: number): Path[] {
  const found: Path[] = [];
  const extend = (path: Path, types: readonly GraphQLObjectType[]): boolean => {
    // Below the last step there may be a part of the object, and scalars below that.
    if (path.length >= depthMax - 2) return false;
    let extended = false;
    for (const parent of types) {
      for (const field of fieldsOf(parent).filter((each) => path.length === 0 || !isReadInPassing(each))) {
        const longer = [...path, { parent, field }];
        if (!extend(longer, objectTypesOf(schema, field.type))) found.push(longer);
        extended = true;
      }
    }
    // An object of a type that leads nowhere is still an object to be read: the path ends with it.
    return extended && types.every((type) => fieldsOf(type).some((each) => !isReadInPassing(each)));
  };
  extend([], [schema.getQueryType()!]);
  return found;
}

/** All paths from a root that are the shortest to the type they start their last step from. */
function shortestPaths(schema: GraphQLSchema, root: GraphQLObjectType, throughAbstract: boolean): Path[] {
  const seen = new Set<string>([root.name]);
  const found: Path[] = [];
  let front: { path: Path; type: GraphQLObjectType }[] = [{ path: [], type: root }];
  while (front.length > 0) {
    const steps = front.flatMap(({ path, type }) => fieldsOf(type).map((field) => [...path, { parent: type, field }]));
    found.push(...steps);
    front = steps
      .filter((path) => throughAbstract || !isAbstractType(getNamedType(path.at(-1)!.field.type)))
      .flatMap((path) => objectTypesOf(schema, path.at(-1)!.field.type).map((type) => ({ path, type })))
      .filter(({ type }) => !seen.has(type.name) && seen.add(type.name));
  }
  return found;
}

/** The shortest path to every field that takes arguments, through objects of one known type where that is possible. */
export function pathsToArguments(schema: GraphQLSchema): Path[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()].filter((type) => type != null);
  const paths = [false, true].flatMap((throughAbstract) => roots.flatMap((root) => shortestPaths(schema, root, throughAbstract)));
  const found = new Map<string, Path>();
  for (const path of paths) {
    const step = path.at(-1)!;
    if (step.field.args.length > 0 && !found.has(coordinateOf(step))) found.set(coordinateOf(step), path);
  }
  return [...found.values()];
}
