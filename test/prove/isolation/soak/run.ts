import { randomInt } from 'node:crypto';
import { openConnections } from './connections.ts';
import { failures, overdue } from './failures.ts';
import { createLedger } from './ledger.ts';
import { reads } from './reads.ts';
import type { SoakTenant } from './tenants.ts';
import { type Ask, codesIn, type Memory, type Reply, type Turn, type Work } from './turn.ts';
import { createWitness, type Witness } from './witness.ts';
import type { SoakWorld } from './world.ts';
import { writes } from './writes.ts';

export interface SoakOptions {
  readonly requests: number;
  readonly connections: number;
  readonly progress: (done: number) => void;
}

/** What a soak did and found. */
export interface SoakRun {
  readonly requests: number;
  readonly cancelled: number;
  readonly overdue: number;
  readonly witness: Witness;
  /** Answers that were wrong without being a leak; a soak that has some has not shown what it should. */
  readonly wrong: readonly string[];
  readonly memories: ReadonlyMap<SoakTenant, Memory>;
  readonly works: number;
}

/** How a request is sent: as it is, closed by the client on the way, or to the server with the short deadline. */
type Manner = 'plain' | 'cancelled' | 'hurried';

const works: readonly Work[] = [...reads, ...writes, ...failures];
const lots = works.flatMap((work) => Array.from({ length: work.weight }, () => work));

const pick = <Item>(items: readonly Item[]): Item => items[randomInt(items.length)] as Item;

const CANCEL_WITHIN_MS = 120;
const mostWrong = 20;

const drawManner = (): Manner => {
  const lot = randomInt(100);
  return lot < 88 ? 'plain' : lot < 96 ? 'cancelled' : 'hurried';
};

export const newMemory = ({ marker }: SoakTenant): Memory => ({
  workflows: createLedger(marker),
  schedules: createLedger(marker),
  members: createLedger(marker),
  keys: createLedger(marker),
  made: [],
});

/** Sends so many requests of all tenants, mixed, over so many connections, and looks at every row that comes back. */
export async function soak(world: SoakWorld, { requests, connections, progress }: SoakOptions): Promise<SoakRun> {
  const { tenants } = world;
  const witness = createWitness();
  const memories = new Map(tenants.map((tenant) => [tenant, newMemory(tenant)]));
  const http = openConnections(connections);
  const wrong: string[] = [];
  const sent = { all: 0, cancelled: 0, overdue: 0 };
  const noteWrong = (what: string): void => void (wrong.length < mostWrong && wrong.push(what));

  const ask = async (tenant: SoakTenant, work: string, manner: Manner, asked: Ask): Promise<Reply> => {
    sent.all += 1;
    if (sent.all % 1_000 === 0) progress(sent.all);
    const requestId = `${tenant.marker}.${sent.all}`;
    const cancelAfterMs = manner === 'cancelled' ? randomInt(CANCEL_WITHIN_MS) : undefined;
    const { url } = manner === 'hurried' ? world.hurried : world.patient;
    const body = { query: asked.document, variables: asked.variables };
    const answer = await http.send(url, asked.caller, requestId, body, cancelAfterMs);
    if (answer === null) {
      sent.cancelled += 1;
      return { lost: true, data: null, text: '' };
    }
    if (answer.requestId !== requestId) witness.report(work, `the answer to ${requestId} came as that to ${answer.requestId}`);
    const parsed = JSON.parse(answer.text) as { data?: unknown; errors?: unknown };
    witness.look(tenant, work, answer.text, parsed);
    const codes = codesIn(parsed);
    const lost = codes.includes('SERVICE_UNAVAILABLE') || codes.includes('OUTCOME_UNKNOWN');
    if (lost) sent.overdue += 1;
    // Without a deadline that is short, a busy machine may still be too slow now and then; nothing else may happen.
    else if (codes.toSorted().join() !== [...(asked.codes ?? [])].toSorted().join()) {
      noteWrong(`${work}: codes ${codes.join() || 'none'} instead of ${asked.codes?.join() ?? 'none'}: ${answer.text.slice(0, 300)}`);
    }
    return { lost, data: parsed.data, text: answer.text };
  };

  const turnOf = (work: Work, manner: Manner): Turn => {
    const tenant = pick(tenants);
    const strangers = tenants.filter((each) => each !== tenant);
    return {
      tenant,
      other: pick(strangers),
      memory: memories.get(tenant) as Memory,
      random: randomInt,
      pick,
      ask: (asked) => ask(asked.of ?? tenant, work.name, manner, asked),
      wrong: (what) => noteWrong(`${work.name}: ${what}`),
      leak: (what) => witness.report(work.name, `${tenant.marker}: ${what}`),
    };
  };

  const worker = async (): Promise<void> => {
    while (sent.all < requests && wrong.length < mostWrong) {
      const manner = drawManner();
      const work = manner === 'hurried' && randomInt(4) === 0 ? overdue : pick(lots);
      await work.run(turnOf(work, manner));
    }
  };
  try {
    await Promise.all(Array.from({ length: connections }, worker));
  } finally {
    http.close();
  }
  return { requests: sent.all, cancelled: sent.cancelled, overdue: sent.overdue, witness, wrong, memories, works: works.length + 1 };
}
