import { canonicalJson } from '../../platform/crypto/canonical-json.ts';
import type { DefinedTask } from './definition.ts';

/** A task as it is stored. */
export interface StoredTask {
  readonly id: string;
  readonly key: string;
  readonly type: string;
  readonly config: unknown;
  readonly position: number;
}

/** What has to happen to the stored tasks so that they are those of a new version. */
export interface TaskChanges {
  readonly added: readonly DefinedTask[];
  readonly changed: readonly { readonly id: string; readonly task: DefinedTask }[];
  readonly removedIds: readonly string[];
}

/** A task keeps its row, and so its history, as long as it keeps its name. */
export function taskChanges(stored: readonly StoredTask[], defined: readonly DefinedTask[]): TaskChanges {
  const byKey = new Map(stored.map((task) => [task.key, task]));
  const keys = new Set(defined.map((task) => task.key));
  return {
    added: defined.filter((task) => !byKey.has(task.key)),
    changed: defined.flatMap((task) => {
      const before = byKey.get(task.key);
      return before === undefined || isSame(before, task) ? [] : [{ id: before.id, task }];
    }),
    removedIds: stored.filter((task) => !keys.has(task.key)).map((task) => task.id),
  };
}

function isSame(stored: StoredTask, task: DefinedTask): boolean {
  const { key, type, config, position } = stored;
  return canonicalJson({ key, type, config, position }) === canonicalJson(task);
}
