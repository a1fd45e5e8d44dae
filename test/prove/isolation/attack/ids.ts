import { randomUUID } from 'node:crypto';
import { getNamedType, isInterfaceType } from 'graphql';
import { fromGlobalId, ID_PREFIXES, type NodeType, toGlobalId } from '../../../../src/kernel/ids.ts';
import { type Operation, operationAlong } from '../schema/documents.ts';
import { coordinateOf } from '../schema/paths.ts';
import type { Position } from '../schema/positions.ts';
import { likelyTypes } from '../schema/values.ts';
import type { Stage } from '../worlds/arena.ts';
import type { Caller } from '../worlds/callers.ts';
import type { Answer, Realm } from '../worlds/realm.ts';
import { foreignId } from '../worlds/tenant-copy.ts';
import { foreignMarks } from './marks.ts';
import { ask, askWell, type Plan, type Strike } from './strike.ts';

const NODE_TYPES = Object.keys(ID_PREFIXES) as NodeType[];

const typeOf = (id: string): NodeType => fromGlobalId(id)!.type;
const randomId = (type: NodeType): string => toGlobalId(type, randomUUID());
const malformed = (id: string): string => `${id.slice(0, -1)}!`;
/** The same row's id, said to be of another type. */
const mistagged = (id: string): string => toGlobalId(NODE_TYPES[(NODE_TYPES.indexOf(typeOf(id)) + 1) % NODE_TYPES.length]!, fromGlobalId(id)!.uuid);

const isMutation = ({ path }: Position): boolean => path[0]!.parent.name === 'Mutation';
const leadsToInterface = ({ path }: Position): boolean => isInterfaceType(getNamedType(path.at(-1)!.field.type));

/** The operation with these ids at a position; where one id goes, there is one. */
function withIds({ schema, values }: Plan, position: Position, ids: readonly string[], type: NodeType): Operation {
  const value = position.isList ? ids : ids[0];
  return operationAlong(schema, position.path, values.along(position.path, new Map([[position.key, value]])), type);
}

/**
 * Finds out, by trying, which type's ids are taken at each position, and notes an own id of it: with it the answer is
 * another than with an id of nothing. Only such a position can be reached by the attacks on it.
 */
export async function learnLiveIds(plan: Plan, { full }: Stage): Promise<Plan> {
  for (const position of plan.positions.filter(({ kind }) => kind === 'id')) {
    const live = await firstLive(plan, full, position);
    if (live !== null) plan.values.live.set(position.key, live);
  }
  return plan;
}

/** Who between them come by every place for an id. */
const reaching = ({ arena: { callers } }: Plan): readonly Caller[] => [callers.owner, callers.person, callers.operator];

/** An id with which the answer is a success, or else one with which it is another refusal. */
async function firstLive(plan: Plan, full: Realm, position: Position): Promise<string | null> {
  const { own } = plan.values;
  for (const caller of reaching(plan)) {
    for (const type of likelyTypes(position.key)) {
      const unknown = await askWell(full, caller, withIds(plan, position, [randomId(type)], type));
      let reached: string | null = null;
      for (const id of own.get(type) ?? []) {
        const { text, json } = await askWell(full, caller, withIds(plan, position, [id], type));
        if (text === unknown.text) break;
        if (isMutation(position)) await full.restore();
        if (!json.errors && !/"__typename":"\w+Error"/.test(text)) return id;
        reached ??= id;
      }
      if (reached !== null) return reached;
    }
  }
  return null;
}

/** Every place for an id gets ids of the other organization's rows, and no answer tells them from ids of nothing. */
export async function attackIds(strike: Strike): Promise<void> {
  const { positions, callers, progress, values } = strike;
  const places = positions.filter(({ kind }) => kind === 'id');
  const expected = await strike.stage.full.fingerprint();
  let done = 0;
  for (const caller of callers) {
    for (const position of places) {
      progress(done++, places.length * callers.length);
      const type = typeOf(values.live.get(position.key) ?? randomId('Workflow'));
      const types = leadsToInterface(position) ? NODE_TYPES : [type];
      for (const each of types) await attackPosition(strike, position, caller, each, expected);
    }
  }
}

/** Every place for an id answers an own one otherwise than an unknown one: the attacks on it have reached it. */
export async function proveIdsLive(strike: Strike): Promise<void> {
  const { positions, findings, arena } = strike;
  const places = positions.filter(({ kind }) => kind === 'id');
  let live = 0;
  for (const position of places) {
    if (await isLiveForAny(strike, position)) live++;
    else findings.found({ positions: [position.key], caller: arena.callers.owner }, 'no own id is taken here, so that the attacks on it prove nothing');
  }
  findings.note(`${live} of ${places.length} positions of ids were shown to be live: an own id gives another answer than an unknown one.`);
}

async function isLiveForAny(strike: Strike, position: Position): Promise<boolean> {
  for (const caller of reaching(strike)) if (await isLive(strike, position, caller)) return true;
  return false;
}

/** Whether this caller gets to what the position is about. */
async function isLive(strike: Strike, position: Position, caller: Caller): Promise<boolean> {
  const id = strike.values.live.get(position.key);
  if (id === undefined) return false;
  const unknown = await ask(strike, strike.stage.full, caller, withIds(strike, position, [randomId(typeOf(id))], typeOf(id)));
  const own = await ask(strike, strike.stage.full, caller, withIds(strike, position, [id], typeOf(id)));
  if (isMutation(position)) await strike.stage.full.restore();
  return own.text !== unknown.text;
}

/** An answer without the id that was sent: what is asked of several says of each what became of it. */
const unnamed = ({ text }: Answer, sent: string): string => text.replaceAll(sent, '<sent>');

/** One position, with the ids of one type. */
async function attackPosition(strike: Strike, position: Position, caller: Caller, type: NodeType, expected: string): Promise<void> {
  const { stage: { full }, values, findings } = strike;
  const own = values.own.get(type)?.[0];
  if (own === undefined) return;
  const target = { positions: [position.key, coordinateOf(position.path.at(-1)!)], caller };
  const foreign = foreignId(own);
  const put = (ids: readonly string[]) => ask(strike, full, caller, withIds(strike, position, ids, type));
  const unknown = randomId(type);
  // Each beside an id of nothing in the same form: who may not read a type is told so by the form of an id alone.
  const pairs: [string, string, string][] = [['a foreign id', foreign, unknown]];
  if (strike.effort === 'full' || isMutation(position)) {
    pairs.push(
      ['a foreign id said to be of another type', mistagged(foreign), mistagged(unknown)],
      ['an own id said to be of another type', mistagged(own), mistagged(unknown)],
      ['a malformed foreign id', malformed(foreign), malformed(unknown)],
    );
  }
  if (caller === strike.arena.callers.owner) pairs.push(['a malformed id', malformed(foreign), unknown]);
  for (const [what, attacking, harmless] of pairs) {
    const answer = await put([attacking]);
    findings.tried(target);
    findings.mustEqual(target, unnamed(answer, attacking), unnamed(await put([harmless]), harmless), `${what} and an unknown one`);
    for (const mark of foreignMarks(answer.text, attacking, full.ids.foreign)) findings.found(target, `the answer has ${mark}`);
  }
  if (position.isList) {
    findings.tried(target);
    findings.mustEqual(target, unnamed(await put([own, foreign]), foreign), unnamed(await put([own, unknown]), unknown), 'a foreign id beside an own one');
  }
  if ((await full.fingerprint()) === expected) return;
  findings.changed(target);
  await full.restore();
}
