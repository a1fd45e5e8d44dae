import { type GraphQLInputType, type GraphQLSchema, getNamedType, isEnumType, isInputObjectType, isNonNullType } from 'graphql';
import { operationAlong } from '../schema/documents.ts';
import { coordinateOf } from '../schema/paths.ts';
import type { Position } from '../schema/positions.ts';
import { FOREIGN_TIME } from '../worlds/own-rows.ts';
import { textsFor } from './inputs.ts';
import { foreignMarks } from './marks.ts';
import { createNormaliser } from './normalise.ts';
import { ask, type Strike } from './strike.ts';

/** A bounded run takes so many values for each place. */
const BOUNDED_VALUES = 3;

const LARGEST_INT = 2_147_483_647;
const PAGE_SIZES = [1, 0, 101, 2, 3, 100, -1, LARGEST_INT];

/** The one text with a form of its own that no row has: the month before that of the proof, in which nobody has used a key. */
const EARLIER_MONTH = '2025-06';

const MOMENT_MS = 1;
const beside = (time: string, ms: number): string => new Date(Date.parse(time) + ms).toISOString();

/** Values that pick the other organization's rows alone, or would move a bound past them. */
function valuesFor(schema: GraphQLSchema, position: Position, texts: readonly string[]): readonly unknown[] {
  const type = getNamedType(schema.getType(position.typeName)!);
  switch (position.kind) {
    case 'choice':
      return isEnumType(type) ? type.getValues().map(({ name }) => name) : [true, false];
    case 'number':
      return PAGE_SIZES;
    case 'time':
      return [beside(FOREIGN_TIME, -MOMENT_MS), FOREIGN_TIME, beside(FOREIGN_TIME, MOMENT_MS)];
    case 'json':
      return texts;
    case 'text':
      return [...texts, EARLIER_MONTH];
    case 'id':
    case 'cursor':
      return [];
  }
}

/** The key of every argument and input field that may be null or left empty, on the way to a position and at it. */
function emptyValues({ path, argument, within }: Position): [string, unknown][] {
  const step = path.at(-1)!;
  let type: GraphQLInputType = step.field.args.find(({ name }) => name === argument)!.type;
  const found: [string, unknown][] = [];
  for (let depth = 0; depth <= within.length; depth++) {
    const key = `${coordinateOf(step)}(${[argument, ...within.slice(0, depth)].join('.')})`;
    const named = getNamedType(type);
    if (!isNonNullType(type)) found.push([key, null]);
    if (!isInputObjectType(named)) break;
    if (Object.values(named.getFields()).every((field) => !isNonNullType(field.type))) found.push([key, {}]);
    type = named.getFields()[within[depth]!]!.type;
  }
  return found;
}

/**
 * Every filter, order and page size of every field: what it picks, counts and sorts is the same, to the byte, whether
 * there is another organization with rows that it would pick or not.
 *
 * @param refused root fields that none of the callers is answered, as coordinates: only elsewhere must a value make a difference.
 */
export async function attackFilters(strike: Strike, refused: ReadonlySet<string> = new Set()): Promise<void> {
  const { schema, positions, callers, stage, arena, findings, progress, effort } = strike;
  const readable = positions.filter(({ path, kind }) => path[0]!.parent === schema.getQueryType() && kind !== 'cursor');
  const { foreignTexts } = stage.full;
  const valuesAt = (position: Position): readonly unknown[] =>
    effort === 'full' ? valuesFor(schema, position, foreignTexts.map(({ text }) => text)) : valuesFor(schema, position, textsFor(position, foreignTexts)).slice(0, BOUNDED_VALUES);
  const cases = readable.flatMap((position) => [
    ...valuesAt(position).map((value) => ({ position, key: position.key, value: position.isList ? [value] : value })),
    ...emptyValues(position).map(([key, value]) => ({ position, key, value })),
  ]);
  const distinct = [...new Map(cases.map((each) => [JSON.stringify([each.key, each.value]), each])).values()];
  /** What each caller was answered: what an operator is shown of the platform nobody else is. */
  const answers = new Map<Position, Map<object, Set<string>>>();
  let done = 0;
  for (const caller of callers) {
    for (const { position, key, value } of distinct) {
      progress(done++, distinct.length * callers.length);
      const text = await compareWorlds(strike, position, new Map([[key, value]]), caller);
      if (!isSuccess(text)) continue;
      const ofAll = answers.get(position) ?? new Map<object, Set<string>>();
      answers.set(position, ofAll.set(caller, (ofAll.get(caller) ?? new Set()).add(text)));
    }
  }
  if (effort === 'bounded') return;
  const isLive = (position: Position): boolean => [...(answers.get(position)?.values() ?? [])].some(({ size }) => size > 1);
  const isRefused = ({ path }: Position): boolean => refused.has(coordinateOf(path[0]!));
  for (const position of readable.filter((each) => isRefused(each) && answers.has(each))) findings.found({ positions: [position.key], caller: arena.callers.owner }, 'is answered to somebody who should be refused');
  const dead = readable.filter((position) => position.kind !== 'id' && !isRefused(position) && !isLive(position));
  for (const position of dead) findings.found({ positions: [position.key], caller: arena.callers.owner }, 'no value makes a difference, so that the attacks on it prove nothing');
  findings.note(`${readable.filter((each) => each.kind !== 'id' && !isRefused(each)).length - dead.length} filters, orders and page sizes were shown to be live: their values make a difference.`);
}

const isSuccess = (text: string): boolean => text.startsWith('200') && !text.includes('"errors"');

/** One question in both worlds. */
export async function compareWorlds(strike: Strike, position: Position, overrides: ReadonlyMap<string, unknown>, caller: Strike['callers'][number]): Promise<string> {
  const { schema, values, stage: { full, bare }, findings } = strike;
  const target = { positions: [position.key, coordinateOf(position.path.at(-1)!)], caller };
  const operation = operationAlong(schema, position.path, values.along(position.path, overrides));
  const [both, alone] = await Promise.all([ask(strike, full, caller, operation), ask(strike, bare, caller, operation)]);
  findings.tried(target);
  // To read the audit is written down, with an id and a time of its own.
  const plain = (text: string): string => createNormaliser(full.ids.own)(text);
  findings.mustEqual(target, plain(both.text), plain(alone.text), `${JSON.stringify([...overrides.values()])} beside another organization and alone`);
  for (const mark of foreignMarks(both.text, operation.variables, full.ids.foreign)) findings.found(target, `the answer has ${mark}`);
  return both.text;
}
