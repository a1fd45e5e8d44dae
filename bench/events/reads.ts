import type { EventQuery } from '../../src/domains/events/index.ts';
import { percentile } from '../measure/statistics.ts';

/** Reads a page by a query in an organization. */
export type ReadPage = (orgId: string, query: EventQuery) => Promise<unknown>;

/** How long a page takes, in milliseconds. */
export interface ReadFigure {
  readonly name: string;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

const READS = 2_000;
const WARM_UP = 200;

/** What is asked for; the number makes another tag of it each time. */
const QUERIES: Readonly<Record<string, (number: number) => EventQuery>> = {
  'by a tag': (number) => [{ tags: [`seat:${number % 1_000}`] }],
  'by a tag and a type': (number) => [{ types: ['SEAT.LOOKED_AT'], tags: [`seat:${number % 1_000}`] }],
  'by two tags': (number) => [{ tags: ['before', `seat:${number % 1_000}`] }],
  'by a tag that nothing has': (number) => [{ tags: [`nobody:${number}`] }],
};

/** Pages of 50, one after the other, of all organizations by turns. */
export async function measureReads(read: ReadPage, orgIds: readonly string[]): Promise<ReadFigure[]> {
  const figures: ReadFigure[] = [];
  for (const [name, queryOf] of Object.entries(QUERIES)) {
    const tookMs: number[] = [];
    for (let number = 0; number < READS + WARM_UP; number += 1) {
      const began = performance.now();
      // Odd steps, so that neighbours in the index are not asked for one after the other.
      await read(orgIds[number % orgIds.length]!, queryOf(number * 37));
      if (number >= WARM_UP) tookMs.push(performance.now() - began);
    }
    const all = Float64Array.from(tookMs);
    figures.push({ name, p50Ms: percentile(all, 0.5), p99Ms: percentile(all, 0.99) });
  }
  return figures;
}
