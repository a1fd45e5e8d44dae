import { fromGlobalId } from '../../../../src/kernel/ids.ts';

const UUID = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g;
const GLOBAL_ID = /\b([a-z]{2,10})_[0-7][0-9a-hjkmnp-tv-z]{25}/g;
const CURSOR = /("(?:cursor|startCursor|endCursor)":")([A-Za-z0-9_-]{40,})"/g;
const SECRET = /\bt[a-z]_[0-9A-Za-z_-]{20,}/g;
const PREFIX = /("prefix":")tk_[0-9A-Za-z]{6}"/g;
/** What an authenticator has to know: by itself, in its address, and drawn. */
const AUTHENTICATOR_SECRET = /("secret":"|\bsecret=)[A-Z2-7]{32}\b/g;
const QR_CODE = /("qrCodeSvg":")(?:[^"\\]|\\.)*"/g;
/** Told apart by a part of the row's id, where the name is taken. */
const SLUG_TAIL = /("slug":"[a-z0-9-]*)-[0-9a-f]{8}"/g;
const TIME = /\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z/g;
const SIGNATURE_BYTES = 16;
const DAY_MS = 24 * 60 * 60 * 1_000;

/** Writes what is new in each run (ids, secrets, times of the database) as what it is, ids numbered as they appear. */
export type Normaliser = (text: string) => string;

/** @param known ids that were there from the start, which are left as they are. */
export function createNormaliser(known: ReadonlySet<string>, startedAt = Date.now()): Normaliser {
  const numbers = new Map<string, number>();
  const numbered = (uuid: string): string => {
    if (!numbers.has(uuid)) numbers.set(uuid, numbers.size + 1);
    return `<id ${numbers.get(uuid)}>`;
  };
  const isNew = (time: string): boolean => Math.abs(Date.parse(time) - startedAt) < DAY_MS;
  const plain = (text: string): string =>
    text
      .replaceAll(SECRET, '<secret>')
      .replaceAll(AUTHENTICATOR_SECRET, '$1<secret>')
      .replaceAll(QR_CODE, '$1<drawn>"')
      .replaceAll(SLUG_TAIL, '$1-<tail>"')
      .replaceAll(PREFIX, '$1<prefix>"')
      .replaceAll(GLOBAL_ID, (id: string, prefix: string) => {
        const uuid = fromGlobalId(id)?.uuid;
        return uuid === undefined || known.has(uuid) ? id : `${prefix}_${numbered(uuid)}`;
      })
      .replaceAll(UUID, (uuid) => (known.has(uuid) ? uuid : numbered(uuid)))
      .replaceAll(TIME, (time) => (isNew(time) ? '<time>' : time));
  // A cursor is signed; what it says is behind the signature.
  const opened = (cursor: string): string => Buffer.from(cursor, 'base64url').subarray(SIGNATURE_BYTES).toString();
  return (text) => plain(text.replaceAll(CURSOR, (_, name: string, cursor: string) => `${name}${opened(cursor)}"`));
}
