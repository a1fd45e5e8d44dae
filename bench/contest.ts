import { CASE_NAMES, type Case, DEEP_BEHIND } from './cases.ts';
import { checkAnswers } from './check.ts';
import type { Contender, Post } from './contenders/contender.ts';
import { runLoad } from './load/load.ts';
import { post } from './load/post.ts';
import { makeRequests, type TenantWithCursor } from './load/subjects.ts';
import { cpuUs, rssMb } from './measure/processes.ts';
import { percentile } from './measure/statistics.ts';
import { startWireCounter, type WireCounts } from './measure/wire-counter.ts';
import type { BenchOptions } from './options.ts';
import type { RunningDatabase } from './prepare.ts';
import { startServer, type ServerProcess } from './server-process.ts';

/** One measurement of one case. */
export interface Figure {
  readonly contender: string;
  readonly case: Case;
  readonly connections: number;
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Processor time of the server for each request. */
  readonly serverUs: number;
  /** Processor time of the database for each request. */
  readonly databaseUs: number;
  readonly failures: number;
}

/** A contender that runs, and what it is asked about. */
export interface Entrant {
  readonly contender: Contender;
  readonly server: ServerProcess;
  readonly tenants: readonly TenantWithCursor[];
}

/** Starts a contender on the database. @param runtimeUrl leads to it, perhaps through a counter. */
export async function enter(contender: Contender, database: RunningDatabase, runtimeUrl = database.runtimeUrl, nodeArgs: readonly string[] = []): Promise<Entrant> {
  const [first] = database.tenants;
  const subject = { organization: first!.organization, workflowId: first!.workflowIds[0]!, deepCursor: '', newName: '' };
  const server = await startServer({
    command: (port) => contender.command({ ...database, runtimeUrl }, port),
    path: contender.path,
    firstRequest: contender.request('list', subject),
    nodeArgs,
  });
  const ask: Post = async (request) => JSON.parse((await post(server.url, request)).text);
  const tenants: TenantWithCursor[] = [];
  for (const tenant of database.tenants) {
    tenants.push({ ...tenant, deepCursor: await contender.deepCursor(ask, tenant.organization, DEEP_BEHIND) });
  }
  return { contender, server, tenants };
}

/** Makes sure that the answers are right, and lets the server get warm. */
export async function warmUp({ contender, server, tenants }: Entrant, database: RunningDatabase, { warmUpSeconds }: BenchOptions): Promise<void> {
  await checkAnswers(contender, server.url, database.runtimeUrl, tenants);
  for (const kind of CASE_NAMES) {
    const requests = makeRequests(contender, kind, tenants, 'warm');
    await runLoad({ url: server.url, requests, connections: 16, durationMs: (warmUpSeconds * 1_000) / CASE_NAMES.length });
  }
}

/** Measures one case. @param run tells what is created apart from what other runs create. */
export async function measure(entrant: Entrant, database: RunningDatabase, kind: Case, connections: number, durationMs: number, run: string): Promise<Figure> {
  const { contender, server, tenants } = entrant;
  const requests = makeRequests(contender, kind, tenants, run);
  const before = { server: cpuUs(server.pid), database: cpuUs(database.pid) };
  const { latenciesMs, elapsedMs, failures } = await runLoad({ url: server.url, requests, connections, durationMs });
  const count = latenciesMs.length;
  return {
    contender: contender.name,
    case: kind,
    connections,
    requestsPerSecond: (count * 1_000) / elapsedMs,
    p50Ms: percentile(latenciesMs, 0.5),
    p99Ms: percentile(latenciesMs, 0.99),
    serverUs: (cpuUs(server.pid) - before.server) / count,
    databaseUs: (cpuUs(database.pid) - before.database) / count,
    failures,
  };
}

/** What one request of each case sends to the database once the server is warm. */
export type Wire = Readonly<Record<Case, WireCounts>>;

const COUNTED = 20;

/** Counts statements and round trips on the wire, on a server started for that alone. */
export async function countWire(contender: Contender, database: RunningDatabase): Promise<Wire> {
  const counter = await startWireCounter(database.runtimeUrl);
  try {
    const { server, tenants } = await enter(contender, database, counter.url);
    try {
      const entries: [Case, WireCounts][] = [];
      for (const kind of CASE_NAMES) {
        const requests = makeRequests(contender, kind, tenants, 'count').slice(0, 2 * COUNTED);
        for (const request of requests.slice(COUNTED)) await post(server.url, request);
        counter.take();
        for (const request of requests.slice(0, COUNTED)) await post(server.url, request);
        const { statements, roundTrips } = counter.take();
        entries.push([kind, { statements: statements / COUNTED, roundTrips: roundTrips / COUNTED }]);
      }
      return Object.fromEntries(entries) as Wire;
    } finally {
      await server.stop();
    }
  } finally {
    await counter.close();
  }
}

/** Resident memory of a contender's server in megabytes. */
export const memoryOf = ({ server }: Entrant): number => rssMb(server.pid);
