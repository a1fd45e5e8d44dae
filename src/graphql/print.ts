import { isObjectType, Kind, lexicographicSortSchema, parse, printSchema } from 'graphql';
import { schema } from './schema.ts';
import { semanticNonNullLevels } from './semantic-non-null.ts';

/** The schema as text, in the order of the alphabet, as it is committed in schema.graphql. */
export function printedSchema(): string {
  return withSemanticNonNull(`${printSchema(lexicographicSortSchema(schema))}\n`);
}

/** Adds the directive to the fields that have it: the library prints where it may stand, and not where it stands. */
function withSemanticNonNull(text: string): string {
  let printed = text;
  for (const definition of parse(text).definitions.toReversed()) {
    if (definition.kind !== Kind.OBJECT_TYPE_DEFINITION) continue;
    const type = schema.getType(definition.name.value);
    const fields = isObjectType(type) ? type.getFields() : {};
    for (const { name, type: fieldType } of definition.fields?.toReversed() ?? []) {
      const levels = semanticNonNullLevels(fields[name.value]);
      const end = fieldType.loc?.end;
      if (!levels || end === undefined) continue;
      const argument = levels.length > 1 ? `(levels: [${levels.join(', ')}])` : '';
      printed = `${printed.slice(0, end)} @semanticNonNull${argument}${printed.slice(end)}`;
    }
  }
  return printed;
}
