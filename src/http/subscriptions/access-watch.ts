import { setTimeout as sleep } from 'node:timers/promises';
import type { AccessChange } from '../../domains/service-context.ts';
import type { Clock } from '../../kernel/clock.ts';
import { AppError, ForbiddenError, RateLimitedError, ServiceUnavailableError, UnauthenticatedError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { createTurns, type Turns } from '../../kernel/turns.ts';
import { isTransientFailure } from '../../platform/postgres/adapter/index.ts';

/** How often everybody is asked again while changes cannot be heard, and how soon after nobody could tell. */
const LOOK_MS = 400;

/**
 * So many are asked about at one time, the others after them: a change that concerns a thousand would otherwise take every
 * connection to the database from those who are answered at once.
 */
const ASKED_AT_ONCE = 8;

/** Hears when what decides about access has changed. */
export interface AccessSource {
  subscribe(subscriber: { onChange(change: AccessChange): void; onGap(): void }): () => void;
  /** False while changes cannot be heard. */
  isListening(): boolean;
}

/** Whoever is answered for longer than a moment. */
export interface Watched {
  readonly principal: Principal;
  /** Asks again who is calling. */
  identify(): Promise<Principal | null>;
  /** Called once, when the caller is no longer who it was. */
  onEnd(reason: AppError): void;
}

/** Whether one caller is still who it was. */
export interface AccessWatch {
  /** Resolves when nothing speaks against showing the caller something now, or when the watch is over. */
  confirm(): Promise<void>;
  stop(): void;
}

export interface AccessWatches {
  watch(watched: Watched): AccessWatch;
  close(): void;
}

/**
 * Looks after those who are answered for long. Whoever is concerned by a change of access is asked again at once. While
 * changes cannot be heard everybody is, some times a second, and before anything is shown.
 */
export function createAccessWatches(source: AccessSource, clock: Clock): AccessWatches {
  const guards = new Set<Guard>();
  const inTurn = createTurns(ASKED_AT_ONCE);
  const unsubscribe = source.subscribe({
    onChange(change) {
      for (const guard of guards) if (concerns(change, guard.principal)) void guard.ask();
    },
    onGap() {
      for (const guard of guards) void guard.ask();
    },
  });
  const look = (): void => {
    const isDeaf = !source.isListening();
    const now = clock.now();
    for (const guard of guards) if (isDeaf || guard.isDoubted() || isOver(guard.principal, now)) void guard.ask();
  };
  const timer = setInterval(look, LOOK_MS).unref();
  return {
    watch(watched) {
      const guard = createGuard(watched, source, inTurn);
      guards.add(guard);
      return {
        confirm: guard.confirm,
        stop() {
          guards.delete(guard);
          guard.stop();
        },
      };
    },
    close() {
      clearInterval(timer);
      unsubscribe();
    },
  };
}

interface Guard extends AccessWatch {
  readonly principal: Principal;
  /** Whether something speaks against the caller, and nobody could tell yet whether it is so. */
  isDoubted(): boolean;
  /** Asks again. True when the caller is who it was. */
  ask(): Promise<boolean>;
}

function createGuard({ principal, identify, onEnd }: Watched, source: AccessSource, inTurn: Turns): Guard {
  let doubted = false;
  let stopped = false;
  let asking: Promise<boolean> | null = null;

  const askUntilSure = async (): Promise<boolean> => {
    // What changes while one asks may not be in the answer.
    while (doubted && !stopped) {
      const verdict = await inTurn(() => {
        doubted = false;
        return stopped ? 'same' : verdictOn(principal, identify);
      });
      if (verdict === 'unknown') {
        doubted = true;
        return false;
      }
      if (verdict !== 'same') {
        if (!stopped) onEnd(verdict);
        stopped = true;
        return false;
      }
    }
    return !stopped;
  };
  const ask = (): Promise<boolean> => {
    doubted = true;
    asking ??= askUntilSure().finally(() => (asking = null));
    return asking;
  };

  return {
    principal,
    isDoubted: () => doubted,
    ask,
    async confirm() {
      if (!doubted && asking === null && source.isListening()) return;
      while (!stopped && !(await ask())) await sleep(LOOK_MS, undefined, { ref: false });
    },
    stop() {
      stopped = true;
    },
  };
}

/** Whether a change is about this caller. */
function concerns({ kind, id }: AccessChange, { kind: caller, credentialId, userId, issuerUserId, tenant }: Principal): boolean {
  switch (kind) {
    case 'key':
      return caller === 'apiKey' && credentialId === id;
    case 'session':
      return caller === 'user' && credentialId === id;
    case 'user':
      return userId === id || issuerUserId === id;
    case 'org':
      return tenant?.orgId === id;
  }
}

const isOver = ({ expiresAt }: Principal, now: Date): boolean => expiresAt != null && expiresAt <= now;

/** Why the caller may not go on; 'same' when it may, 'unknown' when nobody can tell at the moment. */
async function verdictOn(before: Principal, identify: Watched['identify']): Promise<AppError | 'same' | 'unknown'> {
  try {
    const now = await identify();
    if (now === null) return new UnauthenticatedError();
    return isSame(before, now) ? 'same' : new ForbiddenError('Your access has changed since you subscribed: subscribe again.');
  } catch (error) {
    if (isTransientFailure(error) || error instanceof ServiceUnavailableError || error instanceof RateLimitedError) return 'unknown';
    // Whatever else goes wrong: it is not known that the caller may go on.
    return error instanceof AppError ? error : new ServiceUnavailableError({ cause: error });
  }
}

/** Whether somebody may do neither less nor more than before, in the same organization. */
function isSame(before: Principal, now: Principal): boolean {
  return (
    before.tenant?.orgId === now.tenant?.orgId &&
    before.tenant?.membershipId === now.tenant?.membershipId &&
    before.tenant?.role === now.tenant?.role &&
    before.permissions.size === now.permissions.size &&
    [...before.permissions].every((permission) => now.permissions.has(permission))
  );
}
