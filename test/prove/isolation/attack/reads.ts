import type { GraphQLSchema } from 'graphql';
import { DEPTH_MAX, operationAlong } from '../schema/documents.ts';
import { coordinateOf, objectTypesOf, type Path, pathText, readPaths } from '../schema/paths.ts';
import { foreignMarks } from './marks.ts';
import { createNormaliser } from './normalise.ts';
import { ask, type Strike } from './strike.ts';

/** A bounded run takes the paths that are not just a longer way to the same field. */
const BOUNDED_DEPTH = 5;

/**
 * Everything that can be read, along every path from a root field on: it is the same, to the byte, whether there is
 * another organization or not, and nothing of that one is in it.
 */
export async function attackReads(strike: Strike, depth = strike.effort === 'full' ? DEPTH_MAX : BOUNDED_DEPTH): Promise<void> {
  const { schema, values, stage, callers, findings, progress } = strike;
  const paths = readPaths(schema, depth).flatMap((path) => expectedTypes(schema, path).map((expected) => ({ path, expected })));
  let done = 0;
  for (const caller of callers) {
    for (const { path, expected } of paths) {
      progress(done++, paths.length * callers.length);
      const own = expected === undefined ? undefined : values.own.get(expected as never);
      const operation = operationAlong(schema, path, withOwnIds(values.along(path), own), expected);
      const target = { positions: [pathText(path), ...path.map(coordinateOf)], caller };
      const [full, bare] = await Promise.all([ask(strike, stage.full, caller, operation), ask(strike, stage.bare, caller, operation)]);
      findings.tried(target);
      // To read the audit is written down, with an id and a time of its own.
      const plain = (text: string): string => createNormaliser(stage.full.ids.own)(text);
      findings.mustEqual(target, plain(full.text), plain(bare.text), 'beside another organization and alone');
      for (const mark of foreignMarks(full.text, operation.variables, stage.full.ids.foreign)) findings.found(target, `the answer has ${mark}`);
    }
  }
}

/** The types that the object at the end of a path can have: each is read for itself. */
function expectedTypes(schema: GraphQLSchema, path: Path): (string | undefined)[] {
  const types = objectTypesOf(schema, path.at(-1)!.field.type);
  return types.length > 1 ? types.map(({ name }) => name) : [undefined];
}

/** Ids of the expected type in place of any other. */
const withOwnIds = (argumentsOf: ReturnType<Strike['values']['along']>, own: readonly string[] | undefined): typeof argumentsOf =>
  own === undefined
    ? argumentsOf
    : (step, next) => Object.fromEntries(Object.entries(argumentsOf(step, next)).map(([name, value]) => (next ? [name, value] : [name, name === 'id' ? own[0] : name === 'ids' ? own.slice(0, 5) : value])));
