import { requireScope } from '../postgres/tenancy.ts';
import type { TenantClient } from '../postgres/tenant-client.ts';
import { beginningOf, type ChainCheck, type ChainStart, createChainCheck, type Finding } from './check.ts';
import type { KeyRing } from './keys.ts';
import { keepCheckpoint, readChain, readHead, readLastArchive, readLastCheckpoint } from './log.ts';
import { type Checkpoint, type Signed, signStatement, verifyStatement } from './statements.ts';

/** The log does not follow from what was signed before: somebody has changed it past this server. */
export class BrokenChainError extends Error {
  readonly finding: Finding;
  constructor(orgId: string, finding: Finding) {
    super(`The log of the organization ${orgId} is broken, and nothing of it is signed: ${finding.message}. Run "npm run audit:verify".`);
    this.name = new.target.name;
    this.finding = finding;
  }
}

/** What signing needs. */
export interface Signing {
  readonly db: TenantClient;
  readonly keys: KeyRing;
  readonly now: () => Date;
  /** Ends it early: nothing is signed then, and what `signal` was aborted with is thrown. */
  readonly signal?: AbortSignal;
}

/**
 * Signs the log of the scope's organization as it is now, or up to a position; answers the checkpoint there, and null for
 * a log that is empty or was archived up to there. Everything since the checkpoint before is reckoned anew, up to the first fault: what was changed meanwhile is
 * never signed.
 *
 * Several processes may do it at once: the first one's checkpoint at a position stays.
 *
 * @throws BrokenChainError.
 */
export async function signLog(signing: Signing, through?: number): Promise<Signed<Checkpoint> | null> {
  const { db, keys, now, signal } = signing;
  const orgId = requireScope().orgId ?? '';
  const head = await readHead(db);
  const position = Math.min(through ?? head.position, head.position);
  if (position === 0) return null;
  const last = await readLastCheckpoint(db, position);
  const check = createChainCheck(keys, startAt(orgId, last));
  const verdict = last === null ? 'right' : verifyStatement(keys, last);
  if (verdict !== 'right') {
    const why = verdict === 'wrong' ? 'has a wrong signature' : `was signed by the key ${last?.statement.keyId}, which is not known here`;
    check.find(last?.statement.position ?? 0, `the checkpoint at position ${last?.statement.position} ${why}`);
  } else if (last?.statement.position !== position) {
    for await (const event of readChain(db, { after: check.position, through: position })) {
      signal?.throwIfAborted();
      check.event(event);
      if (check.found > 0) break;
    }
    if (check.found === 0) compareEnd(check, head, position);
  }
  if (check.findings[0]) {
    const archived = await archivedThrough(signing);
    if (archived >= position) return null;
    // Some of it was archived while it was read, and each archive ends at a checkpoint: from there on it is tried again.
    const from = last?.statement.position ?? 0;
    const signed = (await readLastCheckpoint(db, position))?.statement.position ?? 0;
    if (archived > from && signed > from) return signLog(signing, position);
    throw new BrokenChainError(orgId, check.findings[0]);
  }
  if (last?.statement.position === position) return last;
  const made = signStatement<Checkpoint>(keys, {
    kind: 'checkpoint',
    organization: orgId,
    position,
    hash: check.hash,
    signedAt: now().toISOString(),
  });
  await keepCheckpoint(db, made);
  return (await readLastCheckpoint(db, position)) ?? made;
}

/** What was archived by somebody who has the key: who takes events away without one does not silence the alarm. */
async function archivedThrough({ db, keys }: Signing): Promise<number> {
  const archive = await readLastArchive(db);
  return archive !== null && verifyStatement(keys, archive) === 'right' ? archive.statement.position : 0;
}

function compareEnd(check: ChainCheck, head: { readonly position: number; readonly hash: string }, position: number): void {
  if (check.position !== position) check.find(position, `the log ends at position ${check.position} and should reach ${position}`);
  else if (position === head.position && check.hash !== head.hash) check.find(position, 'the head of the log has another hash than its last event');
}

const startAt = (orgId: string, last: Signed<Checkpoint> | null): ChainStart =>
  last === null ? beginningOf(orgId) : { organization: orgId, position: last.statement.position, hash: last.statement.hash };
