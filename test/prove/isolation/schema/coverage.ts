import { isObjectType } from 'graphql';
import type { Strike } from '../attack/strike.ts';
import { fieldsOf, type Path } from './paths.ts';
import type { PositionKind } from './positions.ts';

/** Filters, orders and pages of queries are the oracles' part. */
const isOfCases = (path: Path, kind: PositionKind): boolean => kind === 'id' || path[0]!.parent.name === 'Mutation';

/** A field or a place of the schema that no attack has come by is as bad as a leak: it fails the run with its name. */
export function reportUnattacked({ schema, positions, findings, arena }: Strike): void {
  const caller = arena.callers.owner;
  const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__') ? fieldsOf(type).map(({ name }) => `${type.name}.${name}`) : [],
  );
  const places = positions.filter(({ path, kind }) => isOfCases(path, kind)).map(({ key }) => key);
  for (const each of [...fields, ...places]) {
    if (!findings.attacked.has(each)) findings.found({ positions: [each], caller }, 'nothing has attacked this');
  }
  const unseen = fields.filter((field) => !findings.seen.has(field) && !field.startsWith('Query.') && !field.startsWith('Mutation.'));
  findings.note(`${fields.length} fields were read; ${unseen.length} of them never had a value${unseen.length > 0 ? `: ${unseen.join(', ')}` : ''}.`);
}
