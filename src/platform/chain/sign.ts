import { requireScope } from '../postgres/tenancy.ts';
import type { TenantClient } from '../postgres/tenant-client.ts';
import { beginningOf, type ChainStart, createChainCheck, type Finding } from './check.ts';
import type { KeyRing } from './keys.ts';
import { keepCheckpoint, readChain, readHead, readLastCheckpoint } from './log.ts';
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
}

/**
 * Signs the log of the scope's organization as it is now, or up to a position; answers the checkpoint there, and null for
 * an empty log. Everything since the checkpoint before is reckoned anew: what was changed meanwhile is never signed.
 *
 * Several processes may do it at once: the first one's checkpoint at a position stays.
 *
 * @throws BrokenChainError.
 */
export async function signLog({ db, keys, now }: Signing, through?: number): Promise<Signed<Checkpoint> | null> {
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
    for await (const event of readChain(db, { after: check.position, through: position })) check.event(event);
    if (check.position !== position) check.find(position, `the log ends at position ${check.position} and should reach ${position}`);
    else if (position === head.position && check.hash !== head.hash) check.find(position, 'the head of the log has another hash than its last event');
  }
  if (check.findings[0]) throw new BrokenChainError(orgId, check.findings[0]);
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

const startAt = (orgId: string, last: Signed<Checkpoint> | null): ChainStart =>
  last === null ? beginningOf(orgId) : { organization: orgId, position: last.statement.position, hash: last.statement.hash };
