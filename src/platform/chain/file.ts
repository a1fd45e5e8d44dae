import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type ChainCheck, createChainCheck } from './check.ts';
import type { KeyRing, PublicKey } from './keys.ts';
import { cutLine, type Line, splitLines } from './lines.ts';
import type { Archive, Checkpoint } from './statements.ts';

/** What the formats of exports and archives are called; another one gets another name. */
export const FORMAT = 'tenantry-log-1';

/** The first line: whose log it is and what it goes on from. */
export interface Begin {
  readonly format: typeof FORMAT;
  readonly organization: string;
  /** The events begin after this position. */
  readonly after: number;
  /** The hash at that position. */
  readonly hash: string;
}

/** The last line: where it ended, and the keys that its signatures can be verified with. */
export interface End {
  readonly position: number;
  readonly hash: string;
  readonly keys: readonly PublicKey[];
}

export const beginLine = (begin: Omit<Begin, 'format'>): string => JSON.stringify({ begin: { format: FORMAT, ...begin } });
export const endLine = (end: End): string => JSON.stringify({ end });

/** What was seen in a file. */
export interface FileReport {
  readonly check: ChainCheck;
  readonly organization: string;
  /** The position after which its events begin. */
  readonly after: number;
  /** SHA-256 of the whole file, in hexadecimal digits, and its length. */
  readonly checksum: string;
  readonly bytes: number;
}

const parse = (text: Buffer): unknown => {
  try {
    return JSON.parse(text.toString());
  } catch {
    return undefined;
  }
};

/**
 * Holds an export or an archive against its chain and its signatures, in constant memory.
 *
 * @param onBytes is told how much more was read.
 * @returns null for a file that is neither.
 */
export async function checkFile(file: string, keys: KeyRing, onBytes: (count: number) => void = () => undefined): Promise<FileReport | null> {
  const stream = createReadStream(file, { highWaterMark: 256 * 1024 });
  const checksum = createHash('sha256');
  let bytes = 0;
  stream.on('data', (chunk) => {
    checksum.update(chunk);
    bytes += chunk.length;
    onBytes(chunk.length);
  });
  let opened: Opened | undefined;
  let hasEnded = false;
  for await (const text of splitLines(stream)) {
    const line = cutLine(text);
    if (opened) {
      // What comes behind an end takes it back: the second of two parts may be cut off as well.
      hasEnded = takeLine(opened, line);
      continue;
    }
    const begin = line.kind === 'other' ? beginOf(parse(line.text)) : undefined;
    if (!begin) return null;
    const { organization, after, hash } = begin;
    opened = { organization, after, check: createChainCheck(keys, { organization, position: after, hash }) };
  }
  if (!opened) return null;
  const { check } = opened;
  if (!hasEnded) check.find(check.position, `the file was cut off: its last line is missing, and the last event is at position ${check.position}`);
  else if (check.signedThrough < check.position) {
    check.find(check.signedThrough + 1, `what comes after position ${check.signedThrough} has no valid signature`);
  }
  return { ...opened, checksum: checksum.digest('hex'), bytes };
}

type Opened = Pick<FileReport, 'check' | 'organization' | 'after'>;

/** Whether the line is an end. */
function takeLine({ check, organization }: Opened, line: Line): boolean {
  if (line.kind === 'other') return takeOther(check, organization, parse(line.text));
  if (line.kind === 'event') takeEvent(check, organization, line.hash, line.body);
  else {
    const statement = parse(line.text) as Checkpoint | Archive | undefined;
    if (statement) check.signed({ statement, text: line.text.toString(), signature: line.signature });
    else check.find(check.position, `what is signed after position ${check.position} is no JSON`);
  }
  return false;
}

function beginOf(value: unknown): Begin | undefined {
  const begin = (value as { begin?: Begin } | null | undefined)?.begin;
  return begin?.format === FORMAT ? begin : undefined;
}

function takeEvent(check: ChainCheck, organization: string, hash: string, body: Buffer): void {
  const event = parse(body) as { organization?: unknown; position?: unknown } | null | undefined;
  if (typeof event?.position !== 'number') return check.find(check.position + 1, `the event after position ${check.position} cannot be read`);
  if (event.organization !== organization) check.find(event.position, `the event at position ${event.position} is of another organization`);
  check.event({ position: event.position, hash, body });
}

/** A file may be several that were put together: then each but the first goes on where the one before ended. */
function takeOther(check: ChainCheck, organization: string, value: unknown): boolean {
  const begin = beginOf(value);
  const end = (value as { end?: End } | null | undefined)?.end;
  const at = begin ? { organization: begin.organization, position: begin.after, hash: begin.hash } : end && { organization, ...end };
  if (!at) check.find(check.position, `the line after position ${check.position} is none of an export`);
  else if (at.organization !== organization || at.position !== check.position || at.hash !== check.hash) {
    check.find(check.position, `the ${begin ? 'part that begins' : 'end'} after position ${check.position} belongs elsewhere`);
  }
  return begin === undefined && end !== undefined;
}
