import { type DocumentNode, visit } from 'graphql';

/** Validation compares every two fields of one name with each other: 100 of them are checked in some milliseconds. */
const REPEATS_MAX = 100;

/**
 * Why a document is refused that selects the same object again and again, and what to do about it; null when it may be
 * validated. Counted by the name in the answer, as it is written, in time linear in the document.
 */
export function repeatsOf(document: DocumentNode): string | null {
  const counts = new Map<string, number>();
  visit(document, {
    Field({ alias, name, selectionSet }) {
      if (!selectionSet) return;
      const key = (alias ?? name).value;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    },
  });
  const most = [...counts].find(([, count]) => count > REPEATS_MAX);
  if (!most) return null;
  const [key, count] = most;
  return `This document selects "${key.slice(0, 50)}" ${count.toLocaleString('en-US')} times; the limit is ${REPEATS_MAX}: ask for it once, or in several requests.`;
}
