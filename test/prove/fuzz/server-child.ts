import { setImmediate } from 'node:timers/promises';
import pino from 'pino';
import { AppError } from '../../../src/kernel/errors.ts';
import { startTestApp, type TestApp } from '../../harness/app.ts';
import { startTestServer } from '../../harness/http.ts';
import { appointOperator, seedWorld, signIn, type World } from '../../harness/world.ts';
import type { FuzzWorld } from './client.ts';

/**
 * The server that is fuzzed: a process of its own, so that its memory, its event loop and its end can be told from the
 * fuzzer's. It answers the messages of `server.ts`.
 */

/** What the parent asks for. */
export type Order = 'world' | 'measure' | 'stop';

export interface Measures {
  readonly heapBytes: number;
  /** The longest piece of work during which nothing else could be done, since the last measure: processor time. */
  readonly blockedMs: number;
}

export type Report =
  | { readonly world: FuzzWorld }
  | { readonly measures: Measures }
  /** A line of the log about something unexpected. */
  | { readonly failure: Record<string, unknown> };

const tell = (report: Report): void => void process.send?.(report);

/** Limits of time are not what is looked for here, and a busy machine would meet them. */
const UNLIMITED = { DATABASE_STATEMENT_TIMEOUT_MS: '50000', DATABASE_CONNECT_TIMEOUT_MS: '50000', REQUEST_TIMEOUT_MS: '55000' };

const logger = pino({ level: 'error' }, { write: (line: string) => tell({ failure: JSON.parse(line) }) });
const testApp = await startTestApp({ logger, environment: UNLIMITED });
const server = await startTestServer(testApp, { logger });
const operator = await appointOperator(testApp);
const foreign = await seedWorld(testApp, 'globex', operator.userId);

const MISTAKES: Readonly<Record<string, () => unknown>> = {
  text: () => new AppError('CONFLICT', 'duplicate key in iam.api_keys'),
  defect: () => new TypeError('x is not a function'),
  leak: () => new AppError('CONFLICT', `taken by ${foreign.email('owner')}`),
  id: () => new AppError('CONFLICT', `taken by ${foreign.workflowIds[1]}`),
  crash: () => process.exit(3),
};

/** A mistake in the changes of workflows and schedules that the fuzz has to find, made on purpose. */
function plantBug({ app: { services } }: TestApp, which = ''): void {
  const mistake = MISTAKES[which];
  if (!mistake) return;
  for (const service of [services.workflows, services.schedules] as unknown as Record<string, unknown>[]) {
    for (const name of Object.keys(service)) service[name] = () => Promise.reject(mistake());
  }
}

/** The other tenant's ids that are sent, and so may have been stored in a name. */
const SENT_OF_OTHERS = { foreignWorkflow: foreign.workflowIds[0] ?? '', foreignMember: foreign.members.owner, foreignOrganization: foreign.organizationId };

/** All others, wherever they stand in what is known of it. */
const foreignIds = [...new Set(JSON.stringify(foreign).match(/\b[a-z]+_[0-9a-hjkmnp-tv-z]{26}\b/g))].filter((id) => !Object.values(SENT_OF_OTHERS).includes(id));
if (foreignIds.length === 0) throw new Error('The other tenant has no rows by which it could be known.');

let worlds = 0;

/** A fresh organization: what was sent before may have left nothing of the last one. */
async function nextWorld(): Promise<FuzzWorld> {
  worlds += 1;
  const world = await seedWorld(testApp, `acme-${worlds}`, operator.userId);
  // Not before, because the organization is made by what it breaks.
  if (worlds === 1) plantBug(testApp, process.argv[2]);
  const person = await signIn(testApp.app, world.email('manager'));
  const operatorToken = await signIn(testApp.app, 'operator@platform.test');
  return { url: server.url, tokens: { ...world.keys, operator: operatorToken, person }, ids: idsOf(world), foreignIds };
}

function idsOf(world: World): Record<string, string> {
  const [workflow = '', workflow2 = ''] = world.workflowIds;
  const own = { workflow, workflow2, organization: world.organizationId, member: world.members.member, viewer: world.members.viewer };
  const more = { apiKey: world.apiKeyId, schedule: world.scheduleId, version: world.versionId, task: world.taskId, execution: world.executionId };
  return { ...own, ...more, ...SENT_OF_OTHERS };
}

// What this thread has worked between two turns of the event loop. The time of day would also count what other programs
// of a busy machine have worked meanwhile.
const TURN_MS = 5;
const workedMs = (): number => {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1_000;
};
let longestMs = 0;
let last = workedMs();
setInterval(() => {
  const now = workedMs();
  longestMs = Math.max(longestMs, now - last);
  last = now;
}, TURN_MS);

async function measure(): Promise<Measures> {
  const blockedMs = longestMs;
  // What is let go by one collection may let others go.
  for (let round = 0; round < 4; round += 1) {
    globalThis.gc?.();
    await setImmediate();
  }
  last = workedMs();
  longestMs = 0;
  return { heapBytes: process.memoryUsage().heapUsed, blockedMs };
}

// A fuzzer that was killed needs no server any more.
process.once('disconnect', () => process.exit());
process.on('message', (order: Order) => {
  void (async () => {
    if (order === 'world') return tell({ world: await nextWorld() });
    if (order === 'measure') return tell({ measures: await measure() });
    await server.close();
    await testApp.close();
    process.exit();
  })();
});
