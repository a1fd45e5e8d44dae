import { GraphQLError, GraphQLScalarType } from 'graphql';
import { DateTimeResolver } from 'graphql-scalars';

/** What is wrong with a value, as the library says it, and what would not be. */
function explained<Args extends readonly unknown[], Result>(read: (...args: Args) => Result): (...args: Args) => Result {
  return (...args) => {
    try {
      return read(...args);
    } catch (error) {
      if (!(error instanceof GraphQLError)) throw error;
      throw new GraphQLError(`${error.message.replace(/\.$/, '')}: send a moment such as "2026-01-31T09:30:00Z".`, { nodes: error.nodes });
    }
  };
}

const { name, serialize, parseValue, parseLiteral, extensions } = DateTimeResolver.toConfig();

/** A moment. The library's own scalar, whose refusals say what to send. */
export const DateTimeScalar = new GraphQLScalarType<Date, Date>({
  name,
  serialize,
  parseValue: explained(parseValue),
  parseLiteral: explained(parseLiteral),
  extensions,
});
