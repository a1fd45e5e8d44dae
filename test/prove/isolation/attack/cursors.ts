import { isRequiredArgument } from 'graphql';
import { PASSWORD } from '../../../harness/world.ts';
import { operationAlong } from '../schema/documents.ts';
import { coordinateOf, readPaths } from '../schema/paths.ts';
import type { Position } from '../schema/positions.ts';
import { createValues } from '../schema/values.ts';
import type { Caller } from '../worlds/callers.ts';
import { FOREIGN_WORD, foreignId } from '../worlds/tenant-copy.ts';
import { compareWorlds } from './filters.ts';
import { foreignMarks } from './marks.ts';
import { ask, type Strike } from './strike.ts';
import { openSessionBy } from '../../../harness/sessions.ts';

const CURSOR_NAMES = new Set(['cursor', 'startCursor', 'endCursor']);
const CURSORS_TRIED = 3;
const ROOT_LISTS_DEPTH = 3;

/** What an answer has at the end of a path. */
function atEnd(value: unknown, [name, ...rest]: readonly string[]): unknown {
  if (name === undefined || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => atEnd(each, [name, ...rest]));
  return atEnd((value as Record<string, unknown>)[name], rest);
}

function cursorsIn(value: unknown, found = new Set<string>()): Set<string> {
  if (typeof value !== 'object' || value === null) return found;
  for (const [name, below] of Object.entries(value)) {
    if (CURSOR_NAMES.has(name) && typeof below === 'string') found.add(below);
    cursorsIn(below, found);
  }
  return found;
}

/** One character another: in the signature, or in what is signed. */
const forged = (cursor: string, place: number): string => `${cursor.slice(0, place)}${cursor[place] === 'A' ? 'B' : 'A'}${cursor.slice(place + 1)}`;

/** An administrator of the attacked organization, who gets its genuine cursors. */
async function insider({ stage, arena }: Strike): Promise<Caller> {
  const { auth } = stage.full.testApp.app.services;
  const { accessToken } = await openSessionBy(auth, { email: `admin@${FOREIGN_WORD}.test`, password: PASSWORD });
  return { name: 'insider', headers: { authorization: `Bearer ${accessToken}`, 'x-organization-id': foreignId(arena.world.organizationId) } };
}

/** A cursor of each list that can be read without knowing an id. */
async function cursorsOfAnyList(strike: Strike, caller: Caller): Promise<string[]> {
  const { schema, values, stage } = strike;
  const paths = readPaths(schema, ROOT_LISTS_DEPTH).filter((path) => path.length === 1 && !path[0]!.field.args.some(isRequiredArgument));
  const answers = await Promise.all(paths.map((path) => ask(strike, stage.full, caller, operationAlong(schema, path, values.along(path)))));
  return answers.flatMap(({ json }) => [...cursorsIn(json.data)].slice(0, 1));
}

/** The cursors that a list gives to somebody. */
async function cursorsOf(strike: Strike, position: Position, caller: Caller, values: Strike['values']): Promise<string[]> {
  const operation = operationAlong(strike.schema, position.path, values.along(position.path));
  const { json } = await ask(strike, strike.stage.full, caller, operation);
  return [...cursorsIn(atEnd(json.data, position.path.map(({ field }) => field.name)))];
}

/**
 * Every place for a cursor gets the other organization's cursors of the same list, forged ones, and own ones of other
 * lists, filters and orders. A foreign cursor is refused like a forged one, and no cursor leads to another row.
 */
export async function attackCursors(strike: Strike): Promise<void> {
  const { positions, callers, values, progress, findings, stage } = strike;
  const places = positions.filter(({ kind, path }) => kind === 'cursor' && path[0]!.parent.name === 'Query');
  const inside = await insider(strike);
  const ids = (own: readonly string[]): string[] => own.map(foreignId);
  const foreignValues = createValues(new Map([...values.own].map(([type, own]) => [type, ids(own)])), new Map([...values.live].map(([key, id]) => [key, foreignId(id)])));
  const { owner } = strike.arena.callers;
  const own = new Map<Position, string[]>();
  const foreign = new Map<Position, string[]>();
  for (const position of places) {
    own.set(position, await cursorsOf(strike, position, owner, values));
    foreign.set(position, await cursorsOf(strike, position, inside, foreignValues));
  }
  const [anyOwn, anyForeign] = [await cursorsOfAnyList(strike, owner), await cursorsOfAnyList(strike, inside)];
  // What only one of the worlds was asked is in its log.
  await Promise.all([stage.full.restore(), stage.bare.restore()]);
  let live = 0;
  let done = 0;
  for (const position of places) {
    progress(done++, places.length);
    const [mine, theirs] = [own.get(position)!, foreign.get(position)!];
    if (theirs.some((cursor) => mine.includes(cursor))) findings.found({ positions: [position.key], caller: inside }, 'both organizations have the same cursor');
    for (const caller of callers) {
      // A field with an argument of this name that gives out no cursors itself gets those of the lists.
      const genuine = theirs.length > 0 ? theirs.slice(0, CURSORS_TRIED) : anyForeign;
      await attackWithForeign(strike, position, caller, genuine);
      const replayed = [...mine.slice(0, CURSORS_TRIED), ...anyOwn.filter((cursor) => !mine.includes(cursor))];
      for (const cursor of replayed) await compareWorlds(strike, position, new Map([[position.key, cursor]]), caller);
      await replayElsewhere(strike, position, caller, mine[0]);
    }
    const taken = mine[0] === undefined ? '' : await compareWorlds(strike, position, new Map([[position.key, mine[0]]]), owner);
    if (taken.startsWith('200') && !taken.includes('"errors"')) live++;
    else if (mine.length > 0) findings.found({ positions: [position.key], caller: owner }, 'no own cursor leads on, so that the attacks on it prove nothing');
  }
  findings.note(`${live} of ${places.length} positions of cursors were shown to be live: an own cursor leads on.`);
}

async function attackWithForeign(strike: Strike, position: Position, caller: Caller, cursors: readonly string[]): Promise<void> {
  const { schema, values, stage: { full }, findings } = strike;
  const target = { positions: [position.key, coordinateOf(position.path.at(-1)!)], caller };
  const put = (cursor: string) => ask(strike, full, caller, operationAlong(schema, position.path, values.along(position.path, new Map([[position.key, cursor]]))));
  for (const cursor of cursors) {
    const answer = await put(cursor);
    for (const mark of foreignMarks(answer.text, cursor, full.ids.foreign)) findings.found(target, `the answer has ${mark}`);
    for (const forgery of [forged(cursor, 3), forged(cursor, cursor.length - 4), cursor.slice(0, -4)]) {
      findings.tried(target);
      findings.mustEqual(target, answer.text, (await put(forgery)).text, "the other organization's cursor and a forged one");
    }
  }
}

/** An own cursor under another filter or order than the one that it was given out for. */
async function replayElsewhere(strike: Strike, position: Position, caller: Caller, cursor: string | undefined): Promise<void> {
  const values: Readonly<Record<string, unknown>> = { Boolean: true, OrderDirection: 'ASC' };
  const siblings = strike.positions.filter(({ path, typeName }) => path.at(-1)!.field === position.path.at(-1)!.field && typeName in values);
  for (const sibling of cursor === undefined ? [] : siblings) {
    await compareWorlds(strike, position, new Map([[position.key, cursor], [sibling.key, values[sibling.typeName]]]), caller);
  }
}
