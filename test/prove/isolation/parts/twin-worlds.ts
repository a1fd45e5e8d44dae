import { isObjectType } from 'graphql';
import { createTestDatabase } from '../../../harness/database.ts';
import { createFindings } from '../attack/findings.ts';
import { foreignIdMarks } from '../attack/marks.ts';
import { createNormaliser } from '../attack/normalise.ts';
import { withStrike } from '../attack/campaign.ts';
import type { Strike } from '../attack/strike.ts';
import type { Part } from '../part.ts';
import { fieldsOf } from '../schema/paths.ts';
import { createRandom } from '../twins/random.ts';
import { createSession, type SessionStep } from '../twins/session.ts';
import type { Answer, Realm } from '../worlds/realm.ts';

const SEED = 20_250_701;
const OPERATIONS = { bounded: 150, full: 4_000 };
/** After so many operations everything is as it was: an organization that somebody suspended is of no use for the rest. */
const OPERATIONS_AN_EPISODE = 50;

/** One world in the course of an episode. */
interface Twin {
  readonly realm: Realm;
  readonly memory: { ids: string[]; cursors: string[] };
  readonly plain: (text: string) => string;
}

const NEW_ID = /\b[a-z]{2,10}_[0-7][0-9a-hjkmnp-tv-z]{25}/g;
const CURSOR = /"(?:cursor|endCursor)":"([A-Za-z0-9_-]{40,})"/g;

function createTwin(realm: Realm): Twin {
  return { realm, memory: { ids: [], cursors: [] }, plain: createNormaliser(realm.ids.own) };
}

/** What a world answers, and the statements that it took, in a form that can be compared. */
async function perform(twin: Twin, step: SessionStep): Promise<{ answer: Answer; variables: Readonly<Record<string, unknown>>; text: string; statements: string }> {
  const { query, variables } = step.operation(twin.memory);
  const { result: answer, statements } = await twin.realm.testApp.statementsOf(async () => {
    const answered = await twin.realm.ask(step.caller, query, variables);
    // What is written down after the answer is of this step, in both worlds.
    await twin.realm.testApp.app.accessLog.settled();
    return answered;
  });
  for (const [id] of answer.text.matchAll(NEW_ID)) if (!twin.memory.ids.includes(id)) twin.memory.ids.push(id);
  for (const [, cursor] of answer.text.matchAll(CURSOR)) twin.memory.cursors.push(cursor!);
  // What is sent side by side arrives in any order.
  return { answer, variables, text: twin.plain(answer.text), statements: statements.map(({ text }) => text).sort().join('\n') };
}

/** The same operation in both worlds. False when they differ, so that nothing after it can be compared. */
async function compareStep({ schema, findings }: Strike, twins: readonly [Twin, Twin], step: SessionStep, place: number): Promise<boolean> {
  const [full, bare] = await Promise.all([perform(twins[0], step), perform(twins[1], step)]);
  const target = { positions: step.positions, caller: step.caller };
  findings.tried(target);
  findings.read(schema, step.operation(twins[0].memory), full.answer.json.data);
  findings.mustEqual(target, full.text, bare.text, `operation ${place} of seed ${SEED}, beside another organization and alone`);
  findings.mustEqual(target, full.statements, bare.statements, `statements of operation ${place} of seed ${SEED}, beside another organization and alone`);
  // A new id is written as a number: whether it is one of the neighbour's is asked of the answer as it came.
  for (const mark of foreignIdMarks(full.answer.text, full.variables, twins[0].realm.ids.foreign)) findings.found(target, `the answer has ${mark}`);
  return full.text === bare.text && full.statements === bare.statements;
}

/** What the session came by, so that a reader sees that it was not refusals only. */
function noteSuccesses({ schema, findings }: Strike): void {
  const results = Object.values(schema.getTypeMap()).filter(({ name }) => name.endsWith('Success'));
  const seen = results.filter((type) => isObjectType(type) && fieldsOf(type).some(({ name }) => findings.seen.has(`${type.name}.${name}`)));
  findings.note(`${seen.length} of ${results.length} kinds of success of mutations were among the answers.`);
}

async function compareSessions(strike: Strike): Promise<void> {
  const { stage, effort, progress } = strike;
  const session = createSession(strike, createRandom(SEED), stage.full.foreignTexts);
  const total = OPERATIONS[effort];
  let done = 0;
  while (done < total) {
    await Promise.all([stage.full.restore(), stage.bare.restore()]);
    const twins = [createTwin(stage.full), createTwin(stage.bare)] as const;
    const end = done + OPERATIONS_AN_EPISODE;
    let same = true;
    while (same && done < end) {
      same = await compareStep(strike, twins, session.next(), done++);
      progress(done, total);
    }
  }
  noteSuccesses(strike);
}

export const twinWorlds: Part = {
  name: 'twin worlds',
  guarantee: 'A long random session of one organization is answered the same, with the same statements and the same cost, whether another organization is there or not.',
  async run(context) {
    const findings = createFindings();
    // What the database announces comes whenever it comes, and would make either world look something up again.
    const silence = await createTestDatabase();
    try {
      await withStrike({}, context, findings, compareSessions, silence.runtimeUrl);
    } finally {
      await silence.drop();
    }
    return findings.result();
  },
};
