/** Which entries carry which tags. */
export interface TagIndex<Tag> {
  add(key: string, tags: readonly Tag[]): void;
  remove(key: string, tags: readonly Tag[]): void;
  /** The keys of the entries that carry a tag now; a list of its own, so entries may go while it is walked along. */
  keysOf(tag: Tag): readonly string[];
  /** How many tags are carried by anything. */
  readonly size: number;
}

export function createTagIndex<Tag>(): TagIndex<Tag> {
  const keysByTag = new Map<Tag, Set<string>>();
  return {
    add(key, tags) {
      for (const tag of tags) keysByTag.set(tag, (keysByTag.get(tag) ?? new Set()).add(key));
    },
    remove(key, tags) {
      for (const tag of tags) {
        const keys = keysByTag.get(tag);
        keys?.delete(key);
        if (keys?.size === 0) keysByTag.delete(tag);
      }
    },
    keysOf: (tag) => [...(keysByTag.get(tag) ?? [])],
    get size() {
      return keysByTag.size;
    },
  };
}
