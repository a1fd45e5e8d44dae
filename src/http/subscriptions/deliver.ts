import { setTimeout as sleep } from 'node:timers/promises';
import type { ExecutionResult } from 'graphql';
import { runInScope, type TenantScope } from '../../platform/postgres/tenancy.ts';
import { withDeadline } from '../deadline.ts';
import type { ResultTab } from '../limits.ts';
import type { AccessWatch } from './access-watch.ts';
import type { LiveSubscription } from './subscriptions.ts';

export interface Delivery {
  /** What happens. */
  readonly events: AsyncIterable<unknown>;
  /** What an event comes to. Begins nothing further once the signal is aborted. */
  resultOf(event: unknown, signal: AbortSignal): ExecutionResult | Promise<ExecutionResult>;
  /** What results are paid with; null when callers are not limited over time. */
  readonly tab: ResultTab | null;
  readonly subscription: LiveSubscription;
  readonly watch: AccessWatch;
  /** For whom everything is read. */
  readonly scope: TenantScope;
  /** A result as the subscriber may see it. */
  show(result: ExecutionResult): Promise<ExecutionResult>;
  /** What the subscriber is told in the end. */
  showEnd(reason: Error): Promise<ExecutionResult>;
  /** Cuts the connection of a subscriber who takes nothing. */
  hangUp(): void;
  /** How long one result may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long a subscriber has to take what is there, in milliseconds. */
  readonly unreadMs: number;
  /** Called once, when it is over, with the number of results that were taken. */
  onOver(taken: number): void;
}

const ENDED = Symbol('ended');
const OVER = Symbol('over');

/**
 * The results of a subscription, one each time that one is asked for: a subscriber who is slow holds back its own reading
 * and nothing else. Each is paid for: one that the caller cannot afford yet waits. Nothing is given out before it is
 * certain that the subscriber is still allowed to see it. When it ends from this side, or fails, the last result says why.
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
  const { events, subscription, scope, show, showEnd } = delivery;
  const iterator = events[Symbol.asyncIterator]();
  let taken = 0;
  let failure: Error | null = null;
  try {
    while (!subscription.signal.aborted) {
      const step = await nextResult(delivery, iterator).catch(toFailure);
      if (step === OVER) return;
      if (step === ENDED) break;
      if (step instanceof Error) {
        failure = step;
        break;
      }
      yield await show(step);
      taken += 1;
    }
    const reason = subscription.reason ?? failure;
    if (reason) yield await showEnd(reason);
  } finally {
    // Not waited for: what it is reading ends by itself.
    void runInScope(scope, async () => iterator.return?.()).catch(() => undefined);
    finish(delivery, taken);
  }
}

const toFailure = (thrown: unknown): Error =>
  thrown instanceof Error ? thrown : new Error('What was thrown is no error.', { cause: thrown });

/** Waits for the next event and for what it may cost, and makes the result of it. @throws whatever goes wrong with either. */
async function nextResult(delivery: Delivery, iterator: AsyncIterator<unknown>): Promise<ExecutionResult | typeof ENDED | typeof OVER> {
  const { subscription: { signal }, watch, scope, tab, resultOf, timeoutMs } = delivery;
  const step = await orEnded(signal, () => runInScope(scope, () => iterator.next()));
  if (step === ENDED) return ENDED;
  if (step.done) return OVER;
  if (tab && (await orEnded(signal, () => pay(tab, signal))) === ENDED) return ENDED;
  const deadline = performance.now() + timeoutMs;
  const make = () => withDeadline(deadline, (late) => resultOf(step.value, late));
  const result = await orEnded(signal, () => runInScope(scope, make));
  if (result === ENDED) return ENDED;
  tab?.settle(result);
  return (await orEnded(signal, watch.confirm)) === ENDED ? ENDED : result;
}

/** Takes what a result may cost, as soon as there is enough. Takes nothing when the subscription ends meanwhile. */
async function pay(tab: ResultTab, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    const waitMs = await tab.take();
    if (waitMs === 0) return;
    await sleep(waitMs, undefined, { signal, ref: false }).catch(() => undefined);
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
