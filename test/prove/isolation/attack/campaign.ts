import { buildClientSchema, getIntrospectionQuery, type GraphQLSchema, type IntrospectionQuery } from 'graphql';
import { ID_PREFIXES, type NodeType } from '../../../../src/kernel/ids.ts';
import type { TestWalls } from '../../../harness/app.ts';
import type { Effort, PartContext } from '../part.ts';
import { operationAlong } from '../schema/documents.ts';
import { pathsToArguments, readPaths } from '../schema/paths.ts';
import { positionsOf } from '../schema/positions.ts';
import { createValues, type OwnIds } from '../schema/values.ts';
import { type Arena, createArena, type Stage } from '../worlds/arena.ts';
import type { Caller } from '../worlds/callers.ts';
import type { Realm } from '../worlds/realm.ts';
import type { Findings } from './findings.ts';
import { learnLiveIds } from './ids.ts';
import { askWell, type Plan, type Strike } from './strike.ts';

/** Deep enough to come by a row of every type. */
const HARVEST_DEPTH = 9;

const NODE_TYPES = Object.keys(ID_PREFIXES) as NodeType[];

let arenas: Promise<Arena> | undefined;
const plans = new Map<Effort, Promise<Plan>>();

/** The organizations that all parts attack: they are made once, and brought back to what they were for each. */
export const sharedArena = (): Promise<Arena> => (arenas ??= createArena());

/** Reads the schema again: for the tests that plant a leak in it. */
export const forgetPlans = (): void => plans.clear();

async function onStage<Result>(arena: Arena, walls: TestWalls, work: (stage: Stage) => Promise<Result>, listenUrl?: string): Promise<Result> {
  const stage = await arena.open(walls, listenUrl);
  try {
    return await work(stage);
  } finally {
    await stage.close();
  }
}

/** What is learned once, behind all walls. */
function planFor(arena: Arena, effort: Effort): Promise<Plan> {
  const plan = plans.get(effort) ?? onStage(arena, {}, async (stage) => learnLiveIds(await createPlan(arena, stage, effort), stage));
  plans.set(effort, plan);
  return plan;
}

/**
 * Carries out an attack behind some walls.
 *
 * @param listenUrl where the server listens for changes, when not where it queries.
 */
export async function withStrike(
  walls: TestWalls,
  { effort, progress }: PartContext,
  findings: Findings,
  attack: (strike: Strike) => Promise<void>,
  listenUrl?: string,
): Promise<void> {
  const arena = await sharedArena();
  const plan = await planFor(arena, effort);
  const strike = (stage: Stage): Strike => ({ ...plan, stage, callers: callersFor(arena, effort), findings, progress });
  await onStage(arena, walls, async (stage) => {
    await letIn(arena, stage);
    await attack(strike(stage));
  }, listenUrl);
}

/**
 * Has every caller come in once. That a key was used is written down once, at any time after it was: in the middle of an
 * attack it would be in one of the worlds sooner than in the other.
 */
async function letIn({ callers }: Arena, { full, bare }: Stage): Promise<void> {
  for (const realm of [full, bare]) {
    for (const caller of callers.all) await realm.ask(caller, '{ __typename }');
    await realm.testApp.app.accessLog.settled();
    await realm.restore();
  }
}

/** Reads the schema from the endpoint, and finds own rows of every type. */
export async function createPlan(arena: Arena, stage: Stage, effort: Effort): Promise<Plan> {
  const { owner, person } = arena.callers;
  const introspected = await stage.full.ask(owner, getIntrospectionQuery());
  const schema = buildClientSchema(introspected.json.data as unknown as IntrospectionQuery);
  const own = await harvest(stage.full, [owner, person], schema);
  const missing = NODE_TYPES.filter((type) => !own.has(type));
  if (missing.length > 0) throw new Error(`The attacker's organization has no ${missing.join(', ')} that its owner can read, by key or in person: there is nothing to attack.`);
  const positions = pathsToArguments(schema).flatMap(positionsOf);
  return { arena, schema, positions, values: createValues(own, new Map()), effort };
}

/**
 * The ids of own rows, found by reading everything that can be read without knowing an id. Each caller is asked for what
 * those before have not come by: sessions, for example, are shown to their person only.
 */
async function harvest(realm: Realm, callers: readonly Caller[], schema: GraphQLSchema): Promise<OwnIds> {
  const found = new Map<NodeType, Set<string>>();
  const values = createValues(new Map(), new Map());
  const paths = readPaths(schema, HARVEST_DEPTH).filter((path) => path.every(({ field }) => !field.args.some(({ type }) => /ID\W*!$/.test(String(type)))));
  // The longest lead by the most types, and a few of each are enough.
  const longestFirst = paths.toSorted((left, right) => right.length - left.length);
  for (const caller of callers) {
    for (const path of longestFirst) {
      if (NODE_TYPES.every((type) => found.has(type))) break;
      const { json } = await askWell(realm, caller, operationAlong(schema, path, values.along(path)));
      collectIds(json.data, found);
    }
  }
  return new Map([...found].map(([type, ids]) => [type, [...ids].sort()]));
}

function collectIds(value: unknown, found: Map<NodeType, Set<string>>): void {
  if (typeof value !== 'object' || value === null) return;
  const { __typename: type, id } = value as { __typename?: unknown; id?: unknown };
  if (typeof type === 'string' && typeof id === 'string') {
    found.set(type as NodeType, (found.get(type as NodeType) ?? new Set()).add(id));
  }
  for (const below of Object.values(value)) collectIds(below, found);
}

/** The callers of an effort: a bounded run takes the one who may do the most, by key and in person. */
export function callersFor({ callers }: Arena, effort: Effort): readonly Caller[] {
  if (effort === 'full') return callers.all;
  return [callers.owner, callers.person];
}
