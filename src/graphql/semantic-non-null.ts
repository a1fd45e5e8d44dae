import {
  DirectiveLocation,
  GraphQLDirective,
  type GraphQLField,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
} from 'graphql';

/** The directive as clients' tools know it: its null always has an error beside it. */
export const SemanticNonNullDirective = new GraphQLDirective({
  name: 'semanticNonNull',
  description:
    'The field is null only when an error says why. A client that throws on errors may type it as never null: the generated SDK does.',
  locations: [DirectiveLocation.FIELD_DEFINITION],
  args: {
    levels: {
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(GraphQLInt))),
      default: { value: [0] },
      description: 'Which levels of lists it holds for; 0 is the field itself.',
    },
  },
});

const levels = (...of: readonly number[]) => ({ directives: { semanticNonNull: { levels: of } } });

/**
 * For the fields of `Query` and `Mutation`. A root field that fails is null by itself, so that it does not take along
 * what its siblings answered: above all not the outcome of a mutation that went before it and is done.
 */
export const NULL_ON_ERROR = { nullable: true, extensions: levels(0) } as const;

/** The same for a list whose items fail one by one. */
export const ITEMS_NULL_ON_ERROR = { nullable: { list: true, items: true }, extensions: levels(0, 1) } as const;

/** The levels at which a field of the schema is null on errors alone; undefined for any other field. */
export function semanticNonNullLevels(field: GraphQLField<unknown, unknown> | undefined): readonly number[] | undefined {
  const directives = field?.extensions['directives'] as ReturnType<typeof levels>['directives'] | undefined;
  return directives?.semanticNonNull.levels;
}
