import { withClient } from '../../src/platform/postgres/client.ts';
import { startEmbedded } from '../../src/platform/postgres/embedded/index.ts';
import { prepareDatabase } from '../../src/platform/postgres/open-database.ts';
import { median } from '../measure/statistics.ts';
import { BULK, type Contestants, openContestants, RAW_TABLE } from './appends.ts';
import type { FanOutFigure } from './fan-out.ts';
import { measureReads, type ReadFigure } from './reads.ts';

const ORGANIZATIONS = 16;

/** How the log is measured. */
export interface EventBenchOptions {
  readonly secondsEach: number;
  readonly rounds: number;
  /** So many events are there before, in all organizations together. */
  readonly events: number;
}

/** One row of the report: rates a second, medians over the rounds. */
export interface EventFigure {
  readonly writers: number;
  readonly organizations: number;
  readonly commitRow: number;
  readonly appendAlone: number;
  readonly appendTogether: number;
  readonly appendBulk: number;
}

const KINDS = ['commitRow', 'appendAlone', 'appendTogether', 'appendBulk'] as const;
type Kind = (typeof KINDS)[number];

const CASES = [
  { writers: 1, organizations: 1 },
  { writers: 1, organizations: 16 },
  { writers: 16, organizations: 1 },
  { writers: 16, organizations: 16 },
] as const;

/** Organizations with logs as long as each other; without foreign keys and triggers, which takes a fraction of the time. */
const FILL = `
  SET session_replication_role = replica;
  INSERT INTO iam.organizations (name, slug, engine_namespace, status)
    SELECT 'Bench ' || n, 'bench-' || n, 'bench-' || n, 'active' FROM generate_series(1, ${ORGANIZATIONS}) n;
  INSERT INTO events.heads (org_id, position) SELECT id, :each FROM iam.organizations WHERE slug LIKE 'bench-%';
  INSERT INTO events.events (org_id, position, type, data, metadata, tags, actor_kind, source, created_at, hash)
    SELECT id, n, 'SEAT.LOOKED_AT', '{"seat": 12}', '{}', ARRAY['before', 'seat:' || n % 1000], 'system', 'system', timestamptz '2025-01-01' + n * interval '1 second', ''
      FROM iam.organizations, generate_series(1, :each) n WHERE slug LIKE 'bench-%';
  INSERT INTO events.event_tags SELECT org_id, tag, position, type, created_at FROM events.events, unnest(tags) tag WHERE type = 'SEAT.LOOKED_AT'`;

async function fill(superuserUrl: string, events: number): Promise<string[]> {
  return withClient(superuserUrl, async (client) => {
    await client.query(RAW_TABLE);
    const known = await client.query<{ id: string }>(`SELECT id FROM iam.organizations WHERE slug LIKE 'bench-%'`);
    if (known.rows.length === 0) await client.query(FILL.replaceAll(':each', String(Math.ceil(events / ORGANIZATIONS))));
    await client.query('VACUUM (ANALYZE)');
    await client.query('CHECKPOINT');
    const { rows } = await client.query<{ id: string }>(`SELECT id FROM iam.organizations WHERE slug LIKE 'bench-%' ORDER BY slug`);
    return rows.map(({ id }) => id);
  });
}

/** What was found out about a log. */
export interface LogFigures {
  readonly reads: readonly ReadFigure[];
  readonly appends: readonly EventFigure[];
}

/** Measures reads, and appends beside commits of single rows, by turns, on an embedded database in the directory. */
export async function measureEvents(dataDir: string, options: EventBenchOptions): Promise<LogFigures> {
  const log = (line: string): void => console.error(line);
  const { runtimeUrl, ownerUrl, superuserUrl, stop } = await startEmbedded({ dataDir, log, purpose: 'bench' });
  try {
    await prepareDatabase({ runtimeUrl, ownerUrl, listenUrl: runtimeUrl, embedded: true, stop });
    log('Filling the logs ...');
    const orgIds = await fill(superuserUrl(), options.events);
    const contestants = openContestants(runtimeUrl);
    try {
      log('Reading ...');
      const reads = await measureReads(contestants.read, orgIds);
      return { reads, appends: await measureByTurns(contestants, orgIds, options, log) };
    } finally {
      await contestants.close();
    }
  } finally {
    await stop();
  }
}

/** All kinds by turns in each round, so that what disturbs the machine disturbs all. A first round warms up. */
async function measureByTurns(
  contestants: Contestants,
  orgIds: readonly string[],
  { secondsEach, rounds }: EventBenchOptions,
  log: (line: string) => void,
): Promise<EventFigure[]> {
  const turns = CASES.flatMap((each) => KINDS.map((kind) => ({ ...each, kind, rates: [] as number[] })));
  for (let round = 0; round <= rounds; round += 1) {
    log(round === 0 ? 'Warming up ...' : `Round ${round} of ${rounds} ...`);
    for (const { writers, organizations, kind, rates } of turns) {
      const rate = await contestants[kind]({ writers, orgIds: orgIds.slice(0, organizations), durationMs: secondsEach * 1_000 });
      if (round > 0) rates.push(rate);
    }
  }
  return CASES.map((each) => {
    const rateOf = (kind: Kind): number =>
      median(turns.find((turn) => turn.kind === kind && turn.writers === each.writers && turn.organizations === each.organizations)!.rates);
    return { ...each, commitRow: rateOf('commitRow'), appendAlone: rateOf('appendAlone'), appendTogether: rateOf('appendTogether'), appendBulk: rateOf('appendBulk') };
  });
}

const whole = (value: number): string => Math.round(value).toLocaleString('en-US');

/** The figures for people. */
export function eventsMarkdown({ reads, appends }: LogFigures, { secondsEach, rounds, events }: EventBenchOptions): string {
  const rows = appends.map(({ writers, organizations, commitRow, appendAlone, appendTogether, appendBulk }) => {
    const ratios = [appendAlone, appendTogether].map((rate) => (rate / commitRow).toFixed(2));
    return `| ${[writers, organizations, ...[commitRow, appendAlone, appendTogether].map(whole), ...ratios, whole(appendBulk)].join(' | ')} |`;
  });
  return [
    '## Reads',
    '',
    `Pages of 50 of a log of ${whole(events / ORGANIZATIONS)} events beside ${ORGANIZATIONS - 1} others as long, as the server's role, one after the other,`,
    'from TypeScript to the database and back.',
    '',
    '| | median | p99 |',
    '|---|---|---|',
    ...reads.map(({ name, p50Ms, p99Ms }) => `| ${name} | ${p50Ms.toFixed(2)} ms | ${p99Ms.toFixed(2)} ms |`),
    '',
    '## Appends',
    '',
    `Conditional appends of one event with two tags, beside transactions that insert one row, by turns in the same run;`,
    `${whole(events)} events were there before. In bulk are ${BULK} events an append, counted one by one. Medians of ${rounds}`,
    `rounds of ${secondsEach} s, a second. Writers, server code and database share the processors.`,
    '',
    '| writers | organizations | rows committed | events, each sent alone | events, sent together | alone / rows | together / rows | events in bulk |',
    '|---|---|---|---|---|---|---|---|',
    ...rows,
    '',
  ].join('\n');
}

/** The figures of the stream for people. */
export function fanOutMarkdown({ subscribers, events, everyMs, p50Ms, p99Ms, maxMs, missed }: FanOutFigure): string {
  return [
    '## Fan-out',
    '',
    `One event every ${everyMs} ms, ${events} of them, to ${whole(subscribers)} subscribers of one organization by server-sent events on one`,
    'server: from the request that appends it to the moment a subscriber has it. Client, server and database share the processors.',
    '',
    '| subscribers | median | p99 | slowest | missed |',
    '|---|---|---|---|---|',
    `| ${whole(subscribers)} | ${[p50Ms, p99Ms, maxMs].map((ms) => `${whole(ms)} ms`).join(' | ')} | ${missed} |`,
    '',
  ].join('\n');
}
