import { readFile } from 'node:fs/promises';
import { isEnumType, isInputObjectType, isInterfaceType, isIntrospectionType, isObjectType, isSpecifiedScalarType } from 'graphql';
import { expect, test } from 'vitest';
import { printedSchema } from '../../src/graphql/print.ts';
import { schema } from '../../src/graphql/schema.ts';

/** The coordinates of everything in the schema that people read, with its description. */
function described(): [string, string | null | undefined][] {
  const types = Object.values(schema.getTypeMap()).filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type));
  return types.flatMap((type): [string, string | null | undefined][] => {
    const own: [string, string | null | undefined] = [type.name, type.description];
    if (isEnumType(type)) return [own, ...type.getValues().map((value): [string, typeof value.description] => [`${type.name}.${value.name}`, value.description])];
    if (isInputObjectType(type)) return [own, ...Object.values(type.getFields()).map((field): [string, typeof field.description] => [`${type.name}.${field.name}`, field.description])];
    if (!isObjectType(type) && !isInterfaceType(type)) return [own];
    const fields = Object.values(type.getFields()).flatMap((field): [string, string | null | undefined][] => [
      [`${type.name}.${field.name}`, field.description],
      ...field.args.map((argument): [string, typeof argument.description] => [`${type.name}.${field.name}(${argument.name}:)`, argument.description]),
    ]);
    return [own, ...fields];
  });
}

test('every type, field, argument, input field and enum value says what it is', () => {
  expect(described().length).toBeGreaterThan(300);
  expect(described().filter(([, description]) => !description?.trim()).map(([name]) => name)).toEqual([]);
});

test('schema.graphql, which clients are made from, says what may be left out and what may not as the server has it', async () => {
  expect(printedSchema()).toBe(await readFile('schema.graphql', 'utf8'));
});
