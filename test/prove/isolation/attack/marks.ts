import { fromGlobalId } from '../../../../src/kernel/ids.ts';
import { FOREIGN_WORD } from '../worlds/tenant-copy.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const GLOBAL_ID = /[a-z]{2,10}_[0-7][0-9a-hjkmnp-tv-z]{25}/g;
/** Long enough to hold an id: a cursor, for example. */
const ENCODED = /[A-Za-z0-9_-]{48,}/g;

/** Every id that occurs in a text: plain, as a global id, or inside something encoded. */
function uuidsIn(text: string): string[] {
  const decoded = [...text.matchAll(ENCODED)].map(([word]) => Buffer.from(word, 'base64url').toString('latin1'));
  const global = [...text.matchAll(GLOBAL_ID)].map(([id]) => fromGlobalId(id)?.uuid).filter((uuid) => uuid !== undefined);
  return [text, ...decoded].flatMap((each) => [...each.matchAll(UUID)].map(([uuid]) => uuid)).concat(global);
}

const stringsIn = (value: unknown): string[] => {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(stringsIn) : [];
};

const without = (text: string, known: readonly string[]): string =>
  known.toSorted((left, right) => right.length - left.length).reduce((rest, each) => (each.length > 3 ? rest.replaceAll(each, '') : rest), text);

/** What of the attacked organization occurs in an answer, but for what the caller itself had sent. */
export function foreignMarks(answer: string, sent: unknown, foreignIds: ReadonlySet<string>): string[] {
  const known = stringsIn(sent);
  const rest = without(answer, known);
  // Who sends the word may get it back in another form: a slug that is made of a name.
  const isTold = rest.includes(FOREIGN_WORD) && !known.some((text) => text.includes(FOREIGN_WORD));
  const words = isTold ? [`"${FOREIGN_WORD}" in ${rest.slice(Math.max(0, rest.indexOf(FOREIGN_WORD) - 20)).slice(0, 50)}`] : [];
  return [...words, ...foreignIdsIn(rest, foreignIds)];
}

/** Ids of the attacked organization in an answer: for whoever wrote its words into rows of their own before. */
export function foreignIdMarks(answer: string, sent: unknown, foreignIds: ReadonlySet<string>): string[] {
  return foreignIdsIn(without(answer, stringsIn(sent)), foreignIds);
}

const foreignIdsIn = (text: string, foreignIds: ReadonlySet<string>): string[] => [...new Set(uuidsIn(text).filter((uuid) => foreignIds.has(uuid)))];
