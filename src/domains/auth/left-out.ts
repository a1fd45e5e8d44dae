import type { Clock } from '../../kernel/clock.ts';
import type { JsonObject } from '../json-limits.ts';
import type { Caller, Denial } from './access-log.ts';

/** Gathers, for each caller, what was refused and not written down one by one, until it is told as one. */
export interface LeftOut {
  /** @param endsAt when it is told, in milliseconds since 1970 by the clock; what is added until then is told with it. */
  add(who: string, caller: Caller, denials: readonly Denial[], endsAt: number): void;
  /** Tells now what would be told later. */
  tell(): void;
}

/** What is told of it: by field and permission. */
export type LeftOutData = JsonObject & { readonly leftOut: number };

/** Fields and permissions are those of the schema: all that somebody may be refused is less than that. */
const MOST_NAMED = 200;
/** Whoever comes when there are as many has the first of them told at once. */
const MOST_CALLERS = 1_000;
/** How long it is waited until the clock is looked at again: it may have been set, or stand still. */
const [LEAST_WAIT_MS, MOST_WAIT_MS] = [10, 60_000];

interface Gathered {
  caller: Caller;
  readonly endsAt: number;
  timer: NodeJS.Timeout;
  readonly named: Map<string, { readonly field: string | null; readonly permission: string | null; times: number }>;
  leftOut: number;
}

/** @param onTold given what is to be written for a caller. It has to deal with failures itself. */
export function createLeftOut(clock: Clock, onTold: (caller: Caller, data: LeftOutData) => void): LeftOut {
  const gathered = new Map<string, Gathered>();

  function tellOne(who: string): void {
    const all = gathered.get(who);
    if (!all) return;
    gathered.delete(who);
    clearTimeout(all.timer);
    const { caller, leftOut, named } = all;
    const fields = [...named.values()];
    const unnamed = leftOut - fields.reduce((sum, { times }) => sum + times, 0);
    onTold(caller, { leftOut, fields, ...(unnamed > 0 && { unnamed }) });
  }

  /** It holds no process: one that ends tells it before. */
  function wait(who: string, endsAt: number): NodeJS.Timeout {
    const waitMs = Math.min(Math.max(endsAt - clock.now().getTime(), LEAST_WAIT_MS), MOST_WAIT_MS);
    return setTimeout(() => tellWhenOver(who), waitMs).unref();
  }

  function tellWhenOver(who: string): void {
    const all = gathered.get(who);
    if (!all) return;
    if (clock.now().getTime() >= all.endsAt) tellOne(who);
    else all.timer = wait(who, all.endsAt);
  }

  function begin(who: string, caller: Caller, endsAt: number): Gathered {
    const [first] = gathered.keys();
    if (first !== undefined && gathered.size >= MOST_CALLERS) tellOne(first);
    const begun = { caller, endsAt, timer: wait(who, endsAt), named: new Map(), leftOut: 0 };
    gathered.set(who, begun);
    return begun;
  }

  return {
    add(who, caller, denials, endsAt) {
      if (denials.length === 0) return;
      const all = gathered.get(who) ?? begin(who, caller, endsAt);
      all.caller = caller;
      for (const { field, permission } of denials) {
        all.leftOut += 1;
        const name = nameOf({ field, permission });
        const known = all.named.get(name);
        if (known) known.times += 1;
        else if (all.named.size < MOST_NAMED) all.named.set(name, { field, permission, times: 1 });
      }
    },
    tell() {
      for (const who of [...gathered.keys()]) tellOne(who);
    },
  };
}

/** Two with the same are the same refusal. */
export const nameOf = ({ field, permission }: Pick<Denial, 'field' | 'permission'>): string => `${field} ${permission}`;
