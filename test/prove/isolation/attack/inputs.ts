import { getNamedType, type GraphQLSchema, isEnumType } from 'graphql';
import { operationAlong } from '../schema/documents.ts';
import { coordinateOf, fieldsOf, type Path } from '../schema/paths.ts';
import type { Position } from '../schema/positions.ts';
import type { Overrides } from '../schema/values.ts';
import { FOREIGN_TIME } from '../worlds/own-rows.ts';
import type { Caller } from '../worlds/callers.ts';
import type { ForeignText } from '../worlds/realm.ts';
import { foreignMarks } from './marks.ts';
import { createNormaliser } from './normalise.ts';
import { ask, type Strike } from './strike.ts';

/** The result of a mutation that was refused. */
const REFUSED = /"__typename":"\w+Error"/;

/** More of the same column tell no more. */
const TEXTS_TRIED = 3;

/** Texts of the other organization that fit a place by the name of their column; its short name where none does. */
export function textsFor(position: Position, texts: readonly ForeignText[]): string[] {
  const name = (position.within.at(-1) ?? position.argument).toLowerCase();
  const fitting = texts.filter(({ column }) => name.includes(column.replaceAll('_', '')));
  const chosen = fitting.length > 0 ? fitting : texts.filter(({ column }) => column === 'slug').slice(0, 1);
  return [...new Set(chosen.map(({ text }) => text))].slice(0, TEXTS_TRIED);
}

/** What an attack puts at a place that takes no id. */
function valuesFor(schema: GraphQLSchema, position: Position, texts: readonly ForeignText[]): readonly unknown[] {
  const type = getNamedType(schema.getType(position.typeName)!);
  switch (position.kind) {
    case 'choice':
      return isEnumType(type) ? type.getValues().map(({ name }) => name) : [true, false];
    case 'number':
      return [0, 1, 2];
    case 'time':
      return [FOREIGN_TIME, '2099-01-01T00:00:00.000Z'];
    case 'json':
      return textsFor(position, texts).map((text) => ({ text }));
    case 'text':
      return textsFor(position, texts);
    case 'id':
    case 'cursor':
      return [];
  }
}

/**
 * What the other organization's texts, times and states do in every place of a mutation: the answer is what it would
 * be if there were no other organization, nothing of it is in the answer, and none of its rows changes.
 */
export async function attackInputs(strike: Strike): Promise<void> {
  const { schema, positions, callers, stage, progress, effort } = strike;
  const cases = positions
    .filter(({ path, kind }) => path[0]!.parent === schema.getMutationType() && kind !== 'id')
    .flatMap((position) => valuesFor(schema, position, stage.full.foreignTexts).slice(0, effort === 'full' ? undefined : 1).map((value) => ({ position, value })));
  const withoutInput = fieldsOf(schema.getMutationType()!).filter(({ args }) => args.length === 0);
  const expected = await stage.full.fingerprint();
  let done = 0;
  for (const caller of callers) {
    for (const field of withoutInput) await attackInput(strike, [{ parent: schema.getMutationType()!, field }], new Map(), caller, expected);
    for (const { position, value } of cases) {
      progress(done++, cases.length * callers.length);
      const overrides = new Map([[position.key, position.isList ? [value] : value]]);
      await attackInput(strike, position.path, overrides, caller, expected);
    }
  }
}

async function attackInput(strike: Strike, path: Path, overrides: Overrides, caller: Caller, expected: string): Promise<void> {
  const { schema, values, stage: { full, bare }, findings } = strike;
  const target = { positions: [...overrides.keys(), coordinateOf(path.at(-1)!)], caller };
  const operation = operationAlong(schema, path, values.along(path, overrides));
  const [beside, alone] = await Promise.all([ask(strike, full, caller, operation), ask(strike, bare, caller, operation)]);
  const plain = (text: string): string => createNormaliser(full.ids.own)(text);
  findings.tried(target);
  findings.mustEqual(target, plain(beside.text), plain(alone.text), `${JSON.stringify([...overrides.values()])} beside another organization and alone`);
  for (const mark of foreignMarks(beside.text, operation.variables, full.ids.foreign)) findings.found(target, `the answer has ${mark}`);
  if ((await full.fingerprint()) !== expected) findings.changed(target);
  // Only what was not refused can have changed anything: what is taken beside the other organization is free where it is alone.
  if ([beside, alone].some(({ json, text }) => json.data && !REFUSED.test(text))) await Promise.all([full.restore(), bare.restore()]);
}
