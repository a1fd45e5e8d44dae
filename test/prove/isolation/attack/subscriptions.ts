import { randomUUID } from 'node:crypto';
import { fromGlobalId, toGlobalId } from '../../../../src/kernel/ids.ts';
import { operationAlong } from '../schema/documents.ts';
import { coordinateOf, fieldsOf, type Path } from '../schema/paths.ts';
import type { Overrides } from '../schema/values.ts';
import type { Caller } from '../worlds/callers.ts';
import type { Answer, Realm } from '../worlds/realm.ts';
import { foreignId } from '../worlds/tenant-copy.ts';
import { textsFor } from './inputs.ts';
import { foreignMarks } from './marks.ts';
import { createNormaliser } from './normalise.ts';
import type { Strike } from './strike.ts';

/** From the beginning of the log, so that all of it is asked for. */
const FROM_THE_BEGINNING = 0;

/**
 * Every subscription, from the beginning of the log on and while something happens in both organizations: what it shows
 * is the same as if there were no other organization, and nothing of that one. The other one's ids and texts in its
 * arguments are like unknown ones.
 */
export async function attackSubscriptions(strike: Strike): Promise<void> {
  const { schema, callers, stage, progress } = strike;
  const root = schema.getSubscriptionType();
  const paths: Path[] = root ? fieldsOf(root).map((field) => [{ parent: root, field }]) : [];
  let done = 0;
  for (const caller of callers) {
    for (const path of paths) {
      progress(done++, paths.length * callers.length);
      for (const overrides of overridesFor(strike, path)) await attackOne(strike, path, overrides, caller);
      await attackIdsOf(strike, path, caller);
      await Promise.all([stage.full.restore(), stage.bare.restore()]);
    }
  }
}

/** Nothing but the beginning, and the other organization's texts at each place for one. */
function overridesFor({ positions, stage }: Strike, path: Path): Overrides[] {
  const begin: [string, unknown][] = path[0]!.field.args.filter(({ type }) => String(type) === 'Position').map(({ name }) => [`${coordinateOf(path[0]!)}(${name})`, FROM_THE_BEGINNING]);
  const texts = positions.filter(({ path: [step], kind }) => step!.field.name === path[0]!.field.name && step!.parent.name === 'Subscription' && kind === 'text');
  return [
    new Map(begin),
    ...texts.flatMap((position) =>
      textsFor(position, stage.full.foreignTexts).slice(0, 1).map((text) => new Map<string, unknown>([...begin, [position.key, position.isList ? [text] : text]])),
    ),
  ];
}

async function attackOne(strike: Strike, path: Path, overrides: Overrides, caller: Caller): Promise<void> {
  const { schema, values, stage: { full, bare }, findings } = strike;
  const target = { positions: [...overrides.keys(), coordinateOf(path[0]!)], caller };
  const operation = operationAlong(schema, path, values.along(path, overrides));
  const follow = (realm: Realm): Promise<Answer> => realm.follow(caller, operation.query, operation.variables);
  const [beside, alone] = await Promise.all([follow(full), follow(bare)]);
  const plain = (text: string): string => createNormaliser(full.ids.own)(text);
  findings.tried(target);
  findings.read(schema, operation, beside.json.data);
  findings.mustEqual(target, plain(beside.text), plain(alone.text), 'beside another organization and alone');
  const isBare = overrides.size === overridesFor(strike, path)[0]!.size;
  if (caller === strike.arena.callers.owner && isBare && !beside.json.data) findings.found(target, 'it shows nothing of the own organization, so that the attack on it proves nothing');
  for (const mark of foreignMarks(beside.text, operation.variables, full.ids.foreign)) findings.found(target, `the stream has ${mark}`);
}

/** A foreign id and one of nothing, also from the beginning on, when what it is the id of need not be there any more. */
async function attackIdsOf(strike: Strike, path: Path, caller: Caller): Promise<void> {
  const { schema, values, positions, stage: { full }, findings } = strike;
  const [step] = path;
  const places = positions.filter(({ kind, path: [first] }) => kind === 'id' && first!.field.name === step!.field.name && first!.parent.name === 'Subscription');
  for (const position of places) {
    const own = values.live.get(position.key);
    if (own === undefined) continue;
    const { type } = fromGlobalId(own)!;
    const target = { positions: [position.key, coordinateOf(step!)], caller };
    const [begin] = overridesFor(strike, path);
    const follow = (id: string): Promise<Answer> => {
      const operation = operationAlong(schema, path, values.along(path, new Map([...begin!, [position.key, id]])));
      return full.follow(caller, operation.query, operation.variables);
    };
    const foreign = foreignId(own);
    const answer = await follow(foreign);
    findings.tried(target);
    findings.mustEqual(target, answer.text, (await follow(toGlobalId(type, randomUUID()))).text, 'a foreign id and an unknown one');
    for (const mark of foreignMarks(answer.text, foreign, full.ids.foreign)) findings.found(target, `the stream has ${mark}`);
  }
}
