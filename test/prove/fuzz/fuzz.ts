import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { createFuzzClient, type FuzzWorld } from './client.ts';
import { CORPUS } from './corpus.ts';
import { problemOf } from './judge.ts';
import { fuzzRequest, type FuzzRequest } from './requests.ts';
import type { Measures } from './server-child.ts';
import { type PlantedBug, startFuzzedServer } from './server.ts';

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  readonly workers?: number;
  readonly planted?: PlantedBug;
  /** Ends at the first finding, without looking for a smaller one. */
  readonly untilFound?: boolean;
  readonly progress?: (done: number) => void;
  /** Told of each finding at once; those after the first of a worker are smaller forms of it. */
  readonly found?: (finding: Finding) => void;
}

export interface Finding {
  readonly problem: string;
  readonly request: FuzzRequest;
  /** What the server's log says about it. */
  readonly log: readonly Record<string, any>[];
}

export interface FuzzResult {
  readonly sent: number;
  readonly byKind: Readonly<Record<string, number>>;
  readonly byStatus: Readonly<Record<string, number>>;
  readonly byCode: Readonly<Record<string, number>>;
  readonly findings: readonly Finding[];
  /** After each fifth of the requests, and nothing when the server has ended by itself. */
  readonly measures: readonly Measures[];
}

/** After so many requests a fresh organization takes the place of what is left of the last. */
const REQUESTS_PER_WORLD = 1_000;
const FIFTHS = 5;
const DEADLOCKS = ['40001', '40P01'];

/** The codes that the server declares, from where it declares them. */
function declaredCodes(): Set<string> {
  const source = readFileSync(new URL('../../../src/kernel/errors.ts', import.meta.url), 'utf8');
  const union = /export type ErrorCode =([^;]+);/.exec(source)?.[1] ?? '';
  return new Set([...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code ?? ''));
}

const count = (counts: Record<string, number>, key: string): void => void (counts[key] = (counts[key] ?? 0) + 1);

/** Sends what once failed and then `runs` generated requests, side by side; a failing one is shrunk and ends its worker. */
export async function fuzz({ runs, seed, workers = 8, planted, untilFound = false, progress, found }: FuzzOptions): Promise<FuzzResult> {
  const server = startFuzzedServer(planted);
  const codes = declaredCodes();
  const byKind: Record<string, number> = {};
  const byStatus: Record<string, number> = {};
  const byCode: Record<string, number> = {};
  const findings: Finding[] = [];
  let sent = 0;
  let world: FuzzWorld = await server.nextWorld();
  // One after the other: an answer is taken for that of everybody who waits for one, and what is still asked for when the server
  // is told to end would end it with an error.
  let renewal = Promise.resolve();
  const measures: Measures[] = [];
  let measuring = Promise.resolve();
  const client = createFuzzClient(() => world);

  const judge = async (request: FuzzRequest): Promise<string | undefined> => {
    sent += 1;
    progress?.(sent);
    // With a planted mistake none can be made.
    if (!planted && sent % REQUESTS_PER_WORLD === 0) renewal = renewal.then(server.nextWorld).then((next) => void (world = next), () => undefined);
    if (sent % Math.ceil(runs / FIFTHS) === 0) measuring = measuring.then(server.measure).then((measured) => void measures.push(measured), () => undefined);
    const reply = await client.send(request);
    count(byKind, request.kind);
    count(byStatus, String(reply.status));
    for (const [, code = ''] of reply.text.matchAll(/"code":"([A-Z_]+)"/g)) count(byCode, code);
    const problem = server.crashed() ? `the server has ended: ${server.crashed()}` : problemOf(request, reply, codes);
    return problem?.startsWith('SERVICE_UNAVAILABLE') && wasDeadlock(problem) ? undefined : problem;
  };
  /** Two changes that wait for each other: the one that gave way was told to try again. */
  const wasDeadlock = (problem: string): boolean =>
    logOf(problem).some(({ error }) => DEADLOCKS.includes(error?.database?.sqlState));
  const logOf = (problem: string) => server.failures.filter(({ requestId }) => problem.endsWith(`under ${requestId}`));

  const report = async (request: FuzzRequest): Promise<void> => {
    if (untilFound && findings.length > 0) return;
    const problem = await judge(request);
    if (problem === undefined) return;
    const finding = { problem, request, log: logOf(problem) };
    findings.push(finding);
    found?.(finding);
    throw new Error(problem);
  };
  const work = async (number: number): Promise<void> => {
    const property = fc.asyncProperty(fuzzRequest, report);
    // Each failing request that shrinking tries is noted too; the last of them is the smallest.
    const before = findings.length;
    const { failed } = await fc.check(property, { numRuns: Math.ceil(runs / workers), seed: seed + number, endOnFailure: false });
    if (failed && findings.length === before) findings.push({ problem: 'the fuzzer itself failed', request: CORPUS[0], log: [] });
  };

  try {
    for (const request of CORPUS) await report(request).catch(() => undefined);
    await Promise.all(Array.from({ length: workers }, (_, number) => work(number)));
    await renewal;
    await measuring;
    return { sent, byKind, byStatus, byCode, findings, measures };
  } finally {
    client.close();
    await server.stop();
  }
}
