import { type GraphQLInputType, getNamedType, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';
import { coordinateOf, type Path } from './paths.ts';

/** What a value at a position is about, which decides what an attack puts there. */
export type PositionKind = 'id' | 'cursor' | 'text' | 'time' | 'json' | 'number' | 'choice';

/** One place for a value in the arguments of a field. */
export interface Position {
  readonly path: Path;
  readonly argument: string;
  /** Names of input fields from the argument down. */
  readonly within: readonly string[];
  /** For example `Mutation.updateSchedule(input.id)`. */
  readonly key: string;
  readonly kind: PositionKind;
  readonly isList: boolean;
  /** The name of the scalar or enumeration. */
  readonly typeName: string;
}

/** Nobody puts an input into itself more often than this. */
const NESTING_MAX = 5;

const isList = (type: GraphQLInputType): boolean => isListType(isNonNullType(type) ? type.ofType : type);

function kindOf(type: GraphQLInputType, name: string): PositionKind {
  const named = getNamedType(type);
  if (isEnumType(named) || named.name === 'Boolean') return 'choice';
  if (named.name === 'ID') return 'id';
  if (['Int', 'Float', 'Position'].includes(named.name)) return 'number';
  if (named.name === 'DateTime') return 'time';
  if (named.name.startsWith('JSON')) return 'json';
  return name === 'after' || name === 'before' ? 'cursor' : 'text';
}

/** Every place for a scalar in the arguments of the field at the end of a path. */
export function positionsOf(path: Path): Position[] {
  const step = path.at(-1)!;
  const below = (type: GraphQLInputType, argument: string, within: readonly string[]): Position[] => {
    const named = getNamedType(type);
    if (isInputObjectType(named)) {
      if (within.length >= NESTING_MAX) return [];
      return Object.values(named.getFields()).flatMap((field) => below(field.type, argument, [...within, field.name]));
    }
    const names = [argument, ...within];
    const key = `${coordinateOf(step)}(${names.join('.')})`;
    return [{ path, argument, within, key, kind: kindOf(type, names.at(-1)!), isList: isList(type), typeName: named.name }];
  };
  return step.field.args.flatMap((argument) => below(argument.type, argument.name, []));
}
