import {
  type Archive,
  beginningOf,
  type ChainCheck,
  type ChainStart,
  type Checkpoint,
  createChainCheck,
  type KeyRing,
  readHash,
  readLastArchive,
  readLastCheckpoint,
  type Signed,
  walkChain,
} from '../../platform/chain/index.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { checkTags } from './verify-tags.ts';

export interface LogCheck {
  readonly db: TenantClient;
  readonly keys: KeyRing;
  readonly orgId: string;
  readonly sinceCheckpoint: boolean;
  /** Told how many events there are to look at, before the first; once more when it begins anew. */
  onTotal(count: number): void;
  onEvents(count: number): void;
}

/** What was found in a log. */
export interface LogReport {
  readonly check: ChainCheck;
  /** The last position that was taken for granted: what lies before was archived, or was not asked for. */
  readonly after: number;
  readonly last: Signed<Checkpoint> | null;
}

/** The head, and the last event that is really there, of one snapshot. */
interface Extent {
  readonly position: number;
  readonly hash: string;
  readonly lastEvent: number;
}

/** Holds the log of the scope's organization against its chain, its checkpoints and its tags. */
export async function verifyLog(asked: LogCheck): Promise<LogReport> {
  for (let archive = await readLastArchive(asked.db); ; ) {
    const report = await verifyAfter(archive, asked);
    const newer = await readLastArchive(asked.db);
    // What is archived while it is read looks as if it had been taken away: then it is read anew, from there on.
    if (report.check.found === 0 || newer?.statement.position === archive?.statement.position) return report;
    archive = newer;
  }
}

async function verifyAfter(archive: Signed<Archive> | null, asked: LogCheck): Promise<LogReport> {
  const { db, keys, orgId, sinceCheckpoint } = asked;
  // Before the head: a log never ends before the last position that was signed.
  const last = await readLastCheckpoint(db);
  const extent = await readExtent(db, orgId);
  const isShort = sinceCheckpoint && last !== null && last.statement.position > (archive?.statement.position ?? 0);
  const from = isShort ? last : archive;
  const start: ChainStart = from ? { organization: orgId, position: from.statement.position, hash: from.statement.hash } : beginningOf(orgId);
  const check = createChainCheck(keys, start);
  if (from) check.signed(from);
  if (isShort && (await readHash(db, start.position)) !== start.hash) {
    check.find(start.position, `the event at position ${start.position} is not the one that the checkpoint there was signed over`);
  }
  asked.onTotal(Math.max(0, extent.position - start.position));
  await walk(asked, check, extent, last?.statement.position ?? 0);
  checkEnd(check, extent);
  await checkTags(db, check, { orgId, after: isShort ? start.position : 0, archived: archive?.statement.position ?? 0, through: extent.position });
  return { check, after: start.position, last };
}

async function readExtent(db: TenantClient, orgId: string): Promise<Extent> {
  const [row] = await db.$queryRaw<{ position: bigint; hash: string; lastEvent: bigint }[]>`
    SELECT coalesce(max(h.position), 0) AS position, coalesce(max(encode(h.hash, 'hex')), '') AS hash,
           coalesce((SELECT max(e.position) FROM events.events e WHERE e.org_id = ${orgId}::uuid), 0) AS "lastEvent"
    FROM events.heads h WHERE h.org_id = ${orgId}::uuid`;
  return { position: Number(row?.position ?? 0), hash: row?.hash ?? '', lastEvent: Number(row?.lastEvent ?? 0) };
}

const TOLD_TOGETHER = 500;

/** All events in their order, each checkpoint behind its event. */
async function walk({ db, onEvents }: LogCheck, check: ChainCheck, extent: Extent, lastSigned: number): Promise<void> {
  let untold = 0;
  const range = { after: check.position, through: Math.max(extent.position, extent.lastEvent), signedThrough: lastSigned };
  for await (const item of walkChain(db, range)) {
    if (item.kind === 'signed') {
      // What was signed beyond the end is told once, below.
      if (item.signed.statement.position <= extent.position) check.signed(item.signed);
      continue;
    }
    check.event(item.event);
    untold += 1;
    if (untold < TOLD_TOGETHER) continue;
    onEvents(untold);
    untold = 0;
  }
  onEvents(untold);
  if (lastSigned > check.position) {
    const missing = `the end of the log is missing: position ${lastSigned} was signed, and the last event is at ${check.position}`;
    check.find(check.position + 1, missing);
  }
}

function checkEnd(check: ChainCheck, { position, hash, lastEvent }: Extent): void {
  // Where everything was archived the head alone is left.
  const reached = Math.max(lastEvent, check.position);
  if (position !== reached) check.find(position, `the head of the log says position ${position}, and the last event is at ${reached}`);
  else if (position > 0 && hash !== check.hash) check.find(position, `the head of the log has another hash than the event at position ${position}`);
}
