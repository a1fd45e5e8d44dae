import { LRUCache } from 'lru-cache';
import type { AccessChange } from '../service-context.ts';
import { createTagIndex } from './tag-index.ts';

/** What a remembered look-up was made of; a change to any of these ends it. */
export type Tag = `${AccessChange['kind']}:${string}`;

export function tagOf({ kind, id }: AccessChange): Tag {
  return `${kind}:${id}`;
}

/** Something remembered for a while, dropped at once when something that it was made of changes. */
export interface CredentialCache<Value extends object> {
  get(key: string, now: Date): Value | undefined;
  /** Call before the look-up that leads to `set`: whatever changes in between is then not remembered. */
  begin(): Generation;
  set(key: string, value: Value, tags: readonly Tag[], generation: Generation, now: Date): void;
  forget(change: AccessChange): void;
  clear(): void;
}

/** A count of changes; opaque to callers. */
export type Generation = number & { readonly generation: unique symbol };

interface Entry<Value> {
  readonly value: Value;
  readonly tags: readonly Tag[];
  readonly until: number;
}

/** @param limits at most `max` entries, each for at most `ageMs`. */
export function createCredentialCache<Value extends object>(limits: {
  max: number;
  ageMs: number;
}): CredentialCache<Value> {
  const index = createTagIndex<Tag>();
  let generation = 0;
  // Also what is put in again under the same key goes first, so that its tags do not take the new ones along.
  const dispose = ({ tags }: Entry<Value>, key: string): void => index.remove(key, tags);
  const entries = new LRUCache<string, Entry<Value>>({ max: limits.max, dispose });

  return {
    get(key, now) {
      const entry = entries.get(key);
      return entry !== undefined && now.getTime() < entry.until ? entry.value : undefined;
    },
    begin: () => generation as Generation,
    set(key, value, tags, begun, now) {
      if (begun !== generation) return;
      entries.set(key, { value, tags, until: now.getTime() + limits.ageMs });
      index.add(key, tags);
    },
    forget(change) {
      generation += 1;
      for (const key of index.keysOf(tagOf(change))) entries.delete(key);
    },
    clear() {
      generation += 1;
      entries.clear();
    },
  };
}
