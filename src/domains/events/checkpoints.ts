import { setTimeout as sleep } from 'node:timers/promises';
import { BrokenChainError, type Checkpoint, type KeyRing, signLog } from '../../platform/chain/index.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';

/** A log is signed when it has grown by so many events, or at all since a checkpoint that is so old. */
const EVENTS = 1_000;
const AGE_MS = 3_600_000;
const LOOK_EVERY_MS = 60_000;
/** So long is a log that was found broken left alone: it stays broken until somebody looks, and other logs are to be signed. */
const BROKEN_REST_MS = 3_600_000;

export interface CheckpointOptions {
  readonly db: TenantClient;
  readonly keys: KeyRing;
  readonly now: () => Date;
  /** The organizations whose logs have grown so much, or not been signed for so long. */
  findUnsigned(events: number, ageMs: number): Promise<readonly string[]>;
  /** Something outside of the database that remembers what was signed finds out who takes checkpoints away. */
  onSigned(checkpoint: Checkpoint): void;
  /** Told of the same log once an hour at most, by this process. */
  onBroken(error: BrokenChainError): void;
  onFailure(error: unknown): void;
  readonly lookEveryMs?: number;
}

/** Signs the logs of all organizations now and then, for as long as it runs. */
export interface CheckpointJob {
  /** Ends what is under way as well: what was not signed is begun anew by the next process. */
  stop(): Promise<void>;
}

/**
 * Starts. Every process may: a look that finds nothing costs little, and of those that sign the same position at once the
 * first one's checkpoint stays. The first look is at a random moment, so that processes that start together do not go on
 * together.
 */
export function startCheckpoints(options: CheckpointOptions): CheckpointJob {
  const stopping = new AbortController();
  const resting = new Map<string, number>();
  const { lookEveryMs = LOOK_EVERY_MS } = options;
  const run = async (): Promise<void> => {
    let waitMs = Math.random() * lookEveryMs;
    while (!stopping.signal.aborted) {
      await sleep(waitMs, undefined, { ref: false, signal: stopping.signal }).catch(() => undefined);
      if (!stopping.signal.aborted) await look(options, resting, stopping.signal).catch(options.onFailure);
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

/** @param resting until when each log that was found broken is left alone, in milliseconds of `now`. */
async function look(options: CheckpointOptions, resting: Map<string, number>, signal: AbortSignal): Promise<void> {
  for (const orgId of await options.findUnsigned(EVENTS, AGE_MS)) {
    if (signal.aborted) return;
    if ((resting.get(orgId) ?? 0) > options.now().getTime()) continue;
    const isBroken = await runInScope(createScope({ orgId, userId: null }), () => signOne(options, signal));
    if (isBroken) resting.set(orgId, options.now().getTime() + BROKEN_REST_MS);
    else resting.delete(orgId);
  }
}

/** Whether the log is broken. The log of one organization is no reason to leave out those of others. */
async function signOne({ db, keys, now, onSigned, onBroken, onFailure }: CheckpointOptions, signal: AbortSignal): Promise<boolean> {
  try {
    const signed = await signLog({ db, keys, now, signal });
    if (signed) onSigned(signed.statement);
    return false;
  } catch (error) {
    if (error instanceof BrokenChainError) {
      onBroken(error);
      return true;
    }
    if (!signal.aborted) onFailure(error);
    return false;
  }
}
