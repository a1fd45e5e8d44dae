import { hasRepeatedNames } from './repeated-names.ts';
import type { Checkpoint, Signed } from './statements.ts';

/** What the formats of exports and archives are called; another one gets another name. */
export const FORMAT = 'tenantry-log-1';

/** A line by what it is; the bytes that a hash or a signature is over are as they stand in it. */
export type Line =
  | ({ readonly kind: 'begin' } & At)
  | ({ readonly kind: 'event'; readonly body: Buffer } & At)
  | { readonly kind: 'signed'; readonly signed: Signed<Checkpoint> }
  | ({ readonly kind: 'end' } & Omit<At, 'organization'>)
  | { readonly kind: 'other' };

interface At {
  readonly organization: string;
  readonly position: number;
  readonly hash: string;
}

// The exact bytes, because two parsers of JSON may read the same text differently: numbers beyond what is whole and safe,
// names that come twice, other ways to write a number. What is taken from a line is taken from where it has to stand.
const ORGANIZATION = '([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})';
const POSITION = '(0|[1-9][0-9]{0,14})';
const HASH = '([0-9a-f]{64})';
const KEY = '\\{"keyId":"[0-9a-f]{16}","algorithm":"Ed25519","publicKey":"[A-Za-z0-9+/]{43}="\\}';
const BEGIN = new RegExp(`^\\{"begin":\\{"format":"${FORMAT}","organization":"${ORGANIZATION}","after":${POSITION},"hash":"${HASH}"\\}\\}$`);
const EVENT = new RegExp(`^\\{"hash":"${HASH}","event":\\{"organization" : "${ORGANIZATION}", "position" : ${POSITION}, "id" : "`);
const SIGNED = new RegExp(
  `^\\{"signature":"([0-9a-f]{128})","signed":(\\{"kind":"checkpoint","organization":"${ORGANIZATION}","position":${POSITION},` +
    `"hash":"${HASH}","keyId":"[0-9a-f]{16}","signedAt":"[0-9TZ:.-]{20,30}"\\})\\}$`,
);
const END = new RegExp(`^\\{"end":\\{"position":${POSITION},"hash":"${HASH}","keys":\\[(?:${KEY}(?:,${KEY})*)?\\]\\}\\}$`);

/** An event's text begins there in its line; no form of what comes before it, and of its own first members, is longer. */
const BODY_AT = '{"hash":"'.length + 64 + '","event":'.length;
const LONGEST_FORM = 250;
const CLOSING = '}'.charCodeAt(0);

/** What a line of a file is: `other` for whatever has not exactly the form of one of the others. */
export function readLine(line: Buffer): Line {
  const beginning = line.toString('latin1', 0, LONGEST_FORM);
  const [, hash, organization, position] = EVENT.exec(beginning) ?? [];
  if (hash !== undefined) {
    const body = line.subarray(BODY_AT, -1);
    if (line.at(-1) !== CLOSING || !isPlain(body)) return { kind: 'other' };
    return { kind: 'event', hash, organization: organization!, position: Number(position), body };
  }
  return readOther(line.toString('latin1'));
}

function readOther(text: string): Line {
  const [begun, organization, after, hash] = BEGIN.exec(text) ?? [];
  if (begun !== undefined) return { kind: 'begin', organization: organization!, position: Number(after), hash: hash! };
  const [, signature, statement] = SIGNED.exec(text) ?? [];
  if (statement !== undefined) {
    return { kind: 'signed', signed: { statement: JSON.parse(statement) as Checkpoint, text: statement, signature: Buffer.from(signature!, 'hex') } };
  }
  const [ended, position, last] = END.exec(text) ?? [];
  return ended === undefined ? { kind: 'other' } : { kind: 'end', position: Number(position), hash: last! };
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** Whether every parser reads the same in it. */
function isPlain(body: Buffer): boolean {
  try {
    const text = utf8.decode(body);
    JSON.parse(text);
    return !hasRepeatedNames(text);
  } catch {
    return false;
  }
}
