import { setTimeout as sleep } from 'node:timers/promises';
import { BrokenChainError, type Checkpoint, type KeyRing, signLog } from '../../platform/chain/index.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';

/** A log is signed when it has grown by so many events, or at all since a checkpoint that is so old. */
const EVENTS = 1_000;
const AGE_MS = 3_600_000;
const LOOK_EVERY_MS = 60_000;

export interface CheckpointOptions {
  readonly db: TenantClient;
  readonly keys: KeyRing;
  readonly now: () => Date;
  /** The organizations whose logs have grown so much, or not been signed for so long. */
  findUnsigned(events: number, ageMs: number): Promise<readonly string[]>;
  /** Something outside of the database that remembers what was signed finds out who takes checkpoints away. */
  onSigned(checkpoint: Checkpoint): void;
  onBroken(error: BrokenChainError): void;
  onFailure(error: unknown): void;
  readonly lookEveryMs?: number;
}

/** Signs the logs of all organizations now and then, for as long as it runs. */
export interface CheckpointJob {
  /** Ends when what is under way is done. */
  stop(): Promise<void>;
}

/**
 * Starts. Every process may: a look that finds nothing costs little, and of those that sign the same position at once the
 * first one's checkpoint stays. The first look is at a random moment, so that processes that start together do not go on
 * together.
 */
export function startCheckpoints(options: CheckpointOptions): CheckpointJob {
  const stopping = new AbortController();
  const { lookEveryMs = LOOK_EVERY_MS } = options;
  const run = async (): Promise<void> => {
    let waitMs = Math.random() * lookEveryMs;
    while (!stopping.signal.aborted) {
      await sleep(waitMs, undefined, { ref: false, signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await look(options, stopping.signal).catch(options.onFailure);
      waitMs = lookEveryMs;
    }
  };
  const ended = run();
  return {
    async stop() {
      stopping.abort();
      await ended;
    },
  };
}

async function look(options: CheckpointOptions, signal: AbortSignal): Promise<void> {
  for (const orgId of await options.findUnsigned(EVENTS, AGE_MS)) {
    if (signal.aborted) return;
    await runInScope(createScope({ orgId, userId: null }), () => signOne(options));
  }
}

async function signOne({ onSigned, onBroken, onFailure, ...signing }: CheckpointOptions): Promise<void> {
  try {
    const signed = await signLog(signing);
    if (signed) onSigned(signed.statement);
  } catch (error) {
    // The log of one organization is no reason to leave out those of others.
    if (error instanceof BrokenChainError) onBroken(error);
    else onFailure(error);
  }
}
