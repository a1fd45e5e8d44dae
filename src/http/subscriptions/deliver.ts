import type { ExecutionResult } from 'graphql';
import type { AppError } from '../../kernel/errors.ts';
import { runInScope, type TenantScope } from '../../platform/postgres/tenancy.ts';
import type { AccessWatch } from './access-watch.ts';
import type { LiveSubscription } from './subscriptions.ts';

export interface Delivery {
  readonly results: AsyncIterable<ExecutionResult>;
  readonly subscription: LiveSubscription;
  readonly watch: AccessWatch;
  /** For whom everything is read. */
  readonly scope: TenantScope;
  /** A result as the subscriber may see it. */
  show(result: ExecutionResult): ExecutionResult;
  /** What the subscriber is told in the end. */
  showEnd(reason: AppError): ExecutionResult;
  /** Cuts the connection of a subscriber who takes nothing. */
  hangUp(): void;
  /** How long a subscriber has to take what is there. */
  readonly unreadMs: number;
  /** Called once, when it is over, with the number of results that were taken. */
  onOver(taken: number): void;
}

const ENDED = Symbol('ended');

/**
 * The results of a subscription, one each time that one is asked for: a subscriber who is slow holds back its own reading
 * and nothing else. Nothing is given out before it is certain that the subscriber is still allowed to see it. When it ends
 * from this side the last result says why.
 */
export function deliver(delivery: Delivery): AsyncGenerator<ExecutionResult, void> {
  const { subscription, hangUp, unreadMs } = delivery;
  const generator = run(delivery);
  let begun = false;
  let unread: NodeJS.Timeout | undefined;

  const stop = (): void => {
    clearTimeout(unread);
    // The generator may be waiting for the next event: it is woken first, or it would not hear that nobody listens.
    subscription.end(null);
    if (!begun) finish(delivery, 0);
  };
  const giveUp = (): void => {
    stop();
    void generator.return();
    hangUp();
  };
  return {
    async next() {
      begun = true;
      clearTimeout(unread);
      const step = await generator.next();
      if (!step.done) unread = setTimeout(giveUp, unreadMs).unref();
      return step;
    },
    return() {
      stop();
      return generator.return();
    },
    throw(error) {
      stop();
      return generator.throw(error);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await this.return();
    },
  };
}

function finish({ watch, subscription, onOver }: Delivery, taken: number): void {
  watch.stop();
  subscription.release();
  onOver(taken);
}

async function* run(delivery: Delivery): AsyncGenerator<ExecutionResult, void> {
  const { results, subscription, watch, scope, show, showEnd } = delivery;
  const iterator = results[Symbol.asyncIterator]();
  let taken = 0;
  try {
    while (!subscription.signal.aborted) {
      const step = await orEnded(subscription.signal, () => runInScope(scope, () => iterator.next()));
      if (step === ENDED) break;
      if (step.done) return;
      if ((await orEnded(subscription.signal, watch.confirm)) === ENDED) break;
      yield show(step.value);
      taken += 1;
    }
    if (subscription.reason) yield showEnd(subscription.reason);
  } finally {
    // Not waited for: what it is reading ends by itself.
    void runInScope(scope, async () => iterator.return?.()).catch(() => undefined);
    finish(delivery, taken);
  }
}

/** What `work` gives, or that it has ended meanwhile. Leaves nothing behind on a signal that lives long. */
function orEnded<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result | typeof ENDED> {
  return new Promise((resolve, reject) => {
    const end = (): void => resolve(ENDED);
    if (signal.aborted) return end();
    signal.addEventListener('abort', end, { once: true });
    work()
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', end));
  });
}
