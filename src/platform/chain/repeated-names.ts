/** A text, with the colon that makes it a name, or what begins or ends an object or a list. */
const PARTS = /("[^"\\]*(?:\\.[^"\\]*)*")(\s*:)?|[[{}\]]/g;

/**
 * Whether an object somewhere in a text of JSON has two members of the same name: of those one parser takes the first, and
 * another the last.
 */
export function hasRepeatedNames(json: string): boolean {
  const open: Set<string>[] = [];
  for (const [part, text, colon] of json.matchAll(PARTS)) {
    if (text === undefined) {
      if (part === '{' || part === '[') open.push(new Set());
      else open.pop();
    } else if (colon !== undefined) {
      const name = JSON.parse(text) as string;
      const names = open.at(-1);
      if (names?.has(name)) return true;
      names?.add(name);
    }
  }
  return false;
}
