import { getNamedType, type GraphQLField, type GraphQLOutputType, isAbstractType, isLeafType, isObjectType } from 'graphql';
import { schema } from '../../src/graphql/schema.ts';

/** Arguments that a field cannot do without. */
const ARGUMENTS: Readonly<Record<string, string>> = { can: '(permission: WORKFLOW_READ)' };

/** What a name has been used for in one answer: the same name must not stand for two types. */
type Used = Map<string, string>;

/** Everything that can be selected of a type, down to that many levels of objects: leaves always, lists with two rows. */
export function selectionOf(type: GraphQLOutputType, levels: number, used: Used = new Map()): string {
  const named = getNamedType(type);
  if (isAbstractType(named)) {
    const members = schema.getPossibleTypes(named).map((member) => `... on ${member.name} ${selectionOf(member, levels, used)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  if (!isObjectType(named)) return '';
  // A page is its rows, so its wrapping is no level of its own.
  const next = /Connection$|Edge$/.test(named.name) ? levels : levels - 1;
  const fields = Object.values(named.getFields()).filter((field) => next >= 0 || isLeafType(getNamedType(field.type)));
  return `{ ${fields.map((field) => fieldOf(named.name, field, next, used)).join(' ')} }`;
}

function fieldOf(parent: string, { name, type, args }: GraphQLField<unknown, unknown>, levels: number, used: Used): string {
  const known = used.get(name) ?? String(type);
  used.set(name, known);
  const alias = known === String(type) ? '' : `${parent}_${name}: `;
  const given = args.some((argument) => argument.name === 'first') ? '(first: 2)' : (ARGUMENTS[name] ?? '');
  return `${alias}${name}${given} ${selectionOf(type, levels)}`;
}
