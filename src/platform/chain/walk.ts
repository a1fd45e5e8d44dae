import { requireScope, runInScope } from '../postgres/tenancy.ts';
import type { TenantClient } from '../postgres/tenant-client.ts';
import { type ChainEvent, readChain, readCheckpoints } from './log.ts';
import type { Checkpoint, Signed } from './statements.ts';

/** What a log is made of: its events, and behind the event that it was signed at each checkpoint. */
export type ChainItem =
  | { readonly kind: 'event'; readonly event: ChainEvent }
  | { readonly kind: 'signed'; readonly signed: Signed<Checkpoint> };

export interface WalkRange {
  /** The events after this position, and the checkpoint at it, if there is one. */
  readonly after: number;
  readonly through: number;
  /** Checkpoints up to here; up to the last event's position when it is not said. */
  readonly signedThrough?: number;
}

/** Walks along the log of the scope in which this was called, in constant memory. */
export async function* walkChain(db: TenantClient, { after, through, signedThrough = through }: WalkRange): AsyncGenerator<ChainItem, void> {
  const checkpoints = followCheckpoints(db, after - 1, signedThrough);
  let next = await checkpoints.next();
  for await (const event of readChain(db, { after, through })) {
    for (; !next.done && next.value.statement.position < event.position; next = await checkpoints.next()) {
      yield { kind: 'signed', signed: next.value };
    }
    yield { kind: 'event', event };
  }
  for (; !next.done; next = await checkpoints.next()) yield { kind: 'signed', signed: next.value };
}

function followCheckpoints(db: TenantClient, after: number, through: number): AsyncGenerator<Signed<Checkpoint>, void> {
  const scope = requireScope();
  return follow(after, through, (position) => runInScope(scope, () => readCheckpoints(db, position)));
}

async function* follow(
  after: number,
  through: number,
  read: (position: number) => Promise<Signed<Checkpoint>[]>,
): AsyncGenerator<Signed<Checkpoint>, void> {
  for (let position = after; position < through; ) {
    const page = await read(position);
    for (const checkpoint of page) if (checkpoint.statement.position <= through) yield checkpoint;
    if (page.length === 0) return;
    position = page.at(-1)!.statement.position;
  }
}
