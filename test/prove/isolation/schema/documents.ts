import { getNamedType, type GraphQLObjectType, type GraphQLSchema, isInterfaceType, isObjectType, parse, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { fieldsOf, isReadInPassing, objectTypesOf, type Path, type Step } from './paths.ts';

/** An operation as it is sent. */
export interface Operation {
  readonly query: string;
  readonly variables: Readonly<Record<string, unknown>>;
}

/** The values of a field's arguments; what is not named is not sent. */
export type ArgumentsOf = (step: Step, next: Step | undefined) => Readonly<Record<string, unknown>>;

/** The deepest document that the server takes, scalars included. */
export const DEPTH_MAX = 10;

/** How far below the last field of a path is read, not counting the objects that are read in passing. */
const LEVELS_BELOW = 2;

/** How deep it may go below an object: how many levels of the document are left, and how many are worth reading. */
interface Room {
  readonly depth: number;
  readonly levels: number;
}

/** What is selected of an object: its scalars, and the objects below it that need no arguments. */
function selectionOf(schema: GraphQLSchema, type: GraphQLObjectType, { depth, levels }: Room): string {
  const words = fieldsOf(type).map((field) => {
    const types = objectTypesOf(schema, field.type);
    if (types.length === 0) return isReadInPassing(field) ? field.name : '';
    if (depth < 2 || field.args.length > 0) return '';
    if (isReadInPassing(field)) return `${field.name} ${braced(schema, types, { depth: depth - 1, levels: 0 })}`;
    return levels > 0 ? `${field.name} ${braced(schema, types, { depth: depth - 1, levels: levels - 1 })}` : '';
  });
  return ['__typename', ...words].filter((word) => word !== '').join(' ');
}

function braced(schema: GraphQLSchema, types: readonly GraphQLObjectType[], room: Room): string {
  const selections = types.map((type) => selectionOf(schema, type, room));
  if (types.length === 1) return `{ ${selections[0]} }`;
  return `{ ${types.map(({ name }, place) => `... on ${name} { ${selections[place]} }`).join(' ')} }`;
}

/** The members of a union are all looked at; of an interface only the one that is expected, or names would collide. */
function endOf(schema: GraphQLSchema, { field }: Step, depth: number, expected: string | undefined): string {
  const types = objectTypesOf(schema, field.type);
  if (types.length === 0) return '';
  const only = types.filter(({ name }) => name === expected);
  // The id of what is no node: there is nothing to be selected of it where nodes are answered.
  if (isInterfaceType(getNamedType(field.type)) && expected !== undefined && only.length === 0) return '{ __typename }';
  if (isObjectType(getNamedType(field.type)) || only.length === 0) return braced(schema, types, { depth, levels: LEVELS_BELOW });
  return `{ __typename ... on ${expected} { ${selectionOf(schema, only[0]!, { depth, levels: 1 })} } }`;
}

/**
 * The operation that reads along a path: everything that can be read in passing of each object on it.
 *
 * @param expected the type of the object at the end, when the field's own type is an interface.
 */
export function operationAlong(schema: GraphQLSchema, path: Path, argumentsOf: ArgumentsOf, expected?: string): Operation {
  const variables: Record<string, unknown> = {};
  const declared: string[] = [];
  const fieldText = (place: number): string => {
    const step = path[place]!;
    const given = Object.entries(argumentsOf(step, path[place + 1])).map(([name, value]) => {
      const variable = `${name}${place}`;
      variables[variable] = value;
      declared.push(`$${variable}: ${step.field.args.find((argument) => argument.name === name)!.type}`);
      return `${name}: $${variable}`;
    });
    const call = step.field.name + (given.length > 0 ? `(${given.join(', ')})` : '');
    const next = path[place + 1];
    const depth = DEPTH_MAX - place - 1;
    if (!next) return `${call} ${endOf(schema, step, depth, expected)}`;
    const below = `${selectionOf(schema, next.parent, { depth, levels: 0 })} ${fieldText(place + 1)}`;
    return `${call} { ${isObjectType(getNamedType(step.field.type)) ? below : `... on ${next.parent.name} { ${below} }`} }`;
  };
  const kind = path[0]!.parent.name.toLowerCase();
  const text = fieldText(0);
  return { query: `${kind} Attack${declared.length > 0 ? `(${declared.join(', ')})` : ''} { ${text} }`, variables };
}

/** The coordinates of all fields that a document reads. */
export function fieldsRead(schema: GraphQLSchema, query: string): ReadonlySet<string> {
  const read = new Set<string>();
  const types = new TypeInfo(schema);
  const Field = (): void => {
    const [parent, field] = [types.getParentType(), types.getFieldDef()];
    if (parent && field && !field.name.startsWith('__')) read.add(`${parent.name}.${field.name}`);
  };
  visit(parse(query), visitWithTypeInfo(types, { Field }));
  return read;
}
