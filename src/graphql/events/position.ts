import { GraphQLError, GraphQLScalarType, Kind } from 'graphql';

/** As far as a number of JSON goes that every client reads without loss: 3,000 events a second for 95,000 years. */
const MOST = Number.MAX_SAFE_INTEGER;

function checked(value: unknown): number {
  const isPosition = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= MOST;
  if (!isPosition) throw new GraphQLError(`Position must be a whole number from 0 to ${MOST}.`);
  return value;
}

/** The place of an event in the log of its organization. `Int` ends at 2,147,483,647, which a busy log reaches. */
export const PositionResolver = new GraphQLScalarType<number, number>({
  name: 'Position',
  serialize: (value) => checked(typeof value === 'bigint' ? Number(value) : value),
  parseValue: checked,
  parseLiteral: (node) => checked(node.kind === Kind.INT ? Number(node.value) : null),
});
