import { requireScope, runInScope } from '../postgres/tenancy.ts';
import type { TenantClient } from '../postgres/tenant-client.ts';
import { FIRST_HASH } from './lines.ts';
import { type Archive, type Checkpoint, type Signed, textOf } from './statements.ts';

// Reads what hangs on the chain of the organization of the current scope.

/** An event as it stands in the chain. */
export interface ChainEvent {
  readonly position: number;
  /** In hexadecimal digits, like all hashes here. */
  readonly hash: string;
  /** The event as the text that its hash is over. */
  readonly body: string;
}

/** About as much of a log is in memory at a time, and one event more. */
const PAGE_BYTES = 512 * 1024;

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** The last position of the log and its hash; that of no event when there is none. */
export async function readHead(db: TenantClient): Promise<{ position: number; hash: string }> {
  const head = await db.eventHead.findFirst({ select: { position: true, hash: true } });
  return head ? { position: Number(head.position), hash: hex(head.hash) } : { position: 0, hash: FIRST_HASH };
}

/** The hash of the event at a position, or null when it is not there. */
export async function readHash(db: TenantClient, position: number): Promise<string | null> {
  const event = await db.event.findFirst({ where: { position: BigInt(position) }, select: { hash: true } });
  return event && hex(event.hash);
}

/**
 * The events after a position up to another one, in their order. The next page is read when the one before was taken, in
 * the scope in which this was called, whoever takes from it.
 */
export function readChain(
  db: TenantClient,
  { after, through }: { readonly after: number; readonly through: number },
): AsyncGenerator<ChainEvent, void> {
  const scope = requireScope();
  return follow(after, through, (position) =>
    runInScope(
      scope,
      () => db.$queryRaw<{ position: bigint; hash: Uint8Array; body: string }[]>`
        SELECT position, hash, body FROM events.read_chain(${BigInt(position)}::bigint, ${BigInt(through)}::bigint, ${BigInt(PAGE_BYTES)}::bigint)`,
    ),
  );
}

async function* follow(
  after: number,
  through: number,
  read: (position: number) => Promise<{ position: bigint; hash: Uint8Array; body: string }[]>,
): AsyncGenerator<ChainEvent, void> {
  for (let position = after; position < through; ) {
    const page = await read(position);
    if (page.length === 0) return;
    for (const { position: at, hash, body } of page) yield { position: Number(at), hash: hex(hash), body };
    position = Number(page.at(-1)!.position);
  }
}

const signed = <Statement extends Checkpoint | Archive>(statement: Statement, signature: Uint8Array): Signed<Statement> => ({
  statement,
  text: textOf(statement),
  signature,
});

/** A row of what was signed. */
interface Row {
  readonly orgId: string;
  readonly position: bigint;
  readonly hash: Uint8Array;
  readonly keyId: string;
  readonly signature: Uint8Array;
  readonly createdAt: Date;
}

const toCheckpoint = ({ orgId, position, hash, keyId, signature, createdAt }: Row): Signed<Checkpoint> =>
  signed(
    { kind: 'checkpoint', organization: orgId, position: Number(position), hash: hex(hash), keyId, signedAt: createdAt.toISOString() },
    signature,
  );

/** The last checkpoint, at a position at most; null when there is none. */
export async function readLastCheckpoint(db: TenantClient, through = Number.MAX_SAFE_INTEGER): Promise<Signed<Checkpoint> | null> {
  const found = await db.eventCheckpoint.findFirst({ where: { position: { lte: BigInt(through) } }, orderBy: { position: 'desc' } });
  return found && toCheckpoint(found);
}

const CHECKPOINTS_AT_ONCE = 100;

/** Checkpoints after a position, in their order, some at a time; begun again after the last one it gives the rest. */
export async function readCheckpoints(db: TenantClient, after: number): Promise<Signed<Checkpoint>[]> {
  const where = { position: { gt: BigInt(after) } };
  const found = await db.eventCheckpoint.findMany({ where, orderBy: { position: 'asc' }, take: CHECKPOINTS_AT_ONCE });
  return found.map(toCheckpoint);
}

type ArchiveRow = Row & { readonly checksum: Uint8Array; readonly bytes: bigint };

const toArchive = ({ orgId, position, hash, checksum, bytes, keyId, signature, createdAt }: ArchiveRow): Signed<Archive> =>
  signed(
    {
      kind: 'archive',
      organization: orgId,
      position: Number(position),
      hash: hex(hash),
      keyId,
      signedAt: createdAt.toISOString(),
      checksum: hex(checksum),
      bytes: Number(bytes),
    },
    signature,
  );

/** The record of what was archived last, up to a position at most; null when nothing was. */
export async function readLastArchive(db: TenantClient, through = Number.MAX_SAFE_INTEGER): Promise<Signed<Archive> | null> {
  const found = await db.eventArchive.findFirst({ where: { position: { lte: BigInt(through) } }, orderBy: { position: 'desc' } });
  return found && toArchive(found);
}

/** Keeps a checkpoint; one that somebody else has made at the same position stays as it is. */
export async function keepCheckpoint(db: TenantClient, { statement, signature }: Signed<Checkpoint>): Promise<void> {
  const { organization: orgId, position, hash, keyId, signedAt } = statement;
  const row = {
    orgId,
    position: BigInt(position),
    hash: Buffer.from(hash, 'hex'),
    keyId,
    signature: Buffer.from(signature),
    createdAt: new Date(signedAt),
  };
  await db.eventCheckpoint.createMany({ data: [row], skipDuplicates: true });
}
