import { getNamedType, type GraphQLSchema, isEnumType, isInterfaceType } from 'graphql';
import { fromGlobalId, toGlobalId } from '../../../../src/kernel/ids.ts';
import { definition } from '../../../harness/world.ts';
import type { Plan } from '../attack/strike.ts';
import { type Operation, operationAlong } from '../schema/documents.ts';
import { coordinateOf, type Path, pathsToArguments, readPaths } from '../schema/paths.ts';
import { type Position, positionsOf } from '../schema/positions.ts';
import type { Caller } from '../worlds/callers.ts';
import { FOREIGN_TIME } from '../worlds/own-rows.ts';
import type { ForeignText } from '../worlds/realm.ts';
import { foreignId } from '../worlds/tenant-copy.ts';
import type { Random } from './random.ts';

/** What one world has answered so far: ids and cursors that did not exist before, in the order they appeared. */
export interface Memory {
  readonly ids: readonly string[];
  readonly cursors: readonly string[];
}

/** A value that each world fills in with its own ids, where they were made in the session. */
type Choice = (memory: Memory) => unknown;

/** One step of a session, the same in both worlds. */
export interface SessionStep {
  readonly caller: Caller;
  readonly positions: readonly string[];
  operation(memory: Memory): Operation;
}

const DEPTH_READ = 7;
const OVERRIDE_PROBABILITY = 0.3;
/** An id that nothing has. */
const NOTHING = '0197c5db-0000-7000-8000-000000000000';
const WORDS = ['alpha', 'workflow-1', 'Workflow 1', 'Daily', 'a-b-c', 'Ünïcode', '', 'viewer@alpha.test', 'nobody@new.test', '0 9 * * *', 'Europe/Vienna', 'workflow:read', '*', 'not a slug!'];
const TIMES = [FOREIGN_TIME, '2025-01-01T00:02:00.000Z', '2024-01-01T00:00:00.000Z', '2099-01-01T00:00:00.000Z'];
const JSON_VALUES = [definition('twin'), definition('twin', 1), { owner: 'alpha' }, {}, [], 'text', null];
const NUMBERS = [-1, 0, 1, 2, 3, 25, 100, 101, 3600];

const isReused = <Item>(items: readonly Item[], place: number): Item | undefined => (items.length > 0 ? items[place % items.length] : undefined);

/** Chooses what is asked next: anything that the schema takes, by anybody, with values that hit and values that miss. */
export function createSession(plan: Plan, random: Random, texts: readonly ForeignText[]): { next(): SessionStep } {
  const { schema, values, arena } = plan;
  const called = pathsToArguments(schema);
  // Not the end of the organization: nobody is answered anything there from then on, and a session ends with the person's last one.
  const mutations = called.filter(([root]) => root!.parent === schema.getMutationType() && root!.field.name !== 'deleteOrganization');
  const queries = called.filter((path) => path[0]!.parent === schema.getQueryType());
  const read = readPaths(schema, DEPTH_READ).filter((path) => !path.some(({ field }) => isInterfaceType(getNamedType(field.type))));
  const ownIds = [...values.own.values()].flat();

  const idChoice = (position: Position): Choice => {
    const live = values.live.get(position.key);
    const sameType = (live && values.own.get(fromGlobalId(live)!.type)) || ownIds;
    const own = random.pick(sameType);
    const place = random.index(1_000);
    switch (random.index(6)) {
      case 0:
        return () => foreignId(own);
      case 1:
        return () => toGlobalId(fromGlobalId(own)!.type, NOTHING);
      case 2: {
        const other = random.pick(ownIds);
        return () => other;
      }
      case 3:
        return ({ ids }) => isReused(ids, place) ?? own;
      default:
        return () => own;
    }
  };

  const choice = (position: Position): Choice => {
    if (position.kind === 'id') return idChoice(position);
    if (position.kind === 'cursor') {
      const place = random.index(1_000);
      return ({ cursors }) => isReused(cursors, place) ?? null;
    }
    const value = plainValue(position);
    return () => value;
  };

  const plainValue = ({ kind, typeName }: Position): unknown => {
    if (kind === 'choice') return choiceOf(schema, typeName, random);
    if (kind === 'number') return random.pick(NUMBERS);
    if (kind === 'time') return random.pick(TIMES);
    if (kind === 'json') return random.pick(JSON_VALUES);
    if (random.chance(0.3)) return `Word ${random.index(50)}`;
    return random.chance(0.4) ? random.pick(texts).text : random.pick(WORDS);
  };

  const stepAlong = (path: Path): SessionStep => {
    const places = positionsOf(path);
    const chosen = places.filter(({ kind }) => kind === 'id' || random.chance(OVERRIDE_PROBABILITY)).map((position) => ({ position, value: choice(position) }));
    const caller = random.pick(arena.callers.all);
    const expected = isInterfaceType(getNamedType(path.at(-1)!.field.type)) ? random.pick([...values.own.keys()]) : undefined;
    return {
      caller,
      positions: [...path.map(coordinateOf), ...chosen.map(({ position }) => position.key)],
      operation: (memory) => {
        const overrides = new Map(chosen.map(({ position, value }) => [position.key, position.isList ? [value(memory)] : value(memory)]));
        return operationAlong(schema, path, values.along(path, overrides), expected);
      },
    };
  };

  return {
    next() {
      const kind = random.index(10);
      return stepAlong(random.pick(kind < 5 ? mutations : kind < 8 ? queries : read));
    },
  };
}

function choiceOf(schema: GraphQLSchema, typeName: string, random: Random): unknown {
  const type = schema.getType(typeName);
  return isEnumType(type) ? random.pick(type.getValues()).name : random.chance(0.5);
}
