import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { type ChainCheck, createChainCheck } from './check.ts';
import type { KeyRing, PublicKey } from './keys.ts';
import { FIRST_HASH, splitLines } from './lines.ts';
import { FORMAT, type Line, readLine } from './read-line.ts';

/** The first line: whose log it is and what it goes on from. */
interface Begin {
  readonly organization: string;
  /** The events begin after this position. */
  readonly after: number;
  /** The hash at that position. */
  readonly hash: string;
}

/** The last line: where it ended, and the keys that its signatures can be verified with. */
interface End {
  readonly position: number;
  readonly hash: string;
  readonly keys: readonly PublicKey[];
}

// Their members are in this order: whoever verifies them takes them by the exact form.
export const beginLine = ({ organization, after, hash }: Begin): string =>
  JSON.stringify({ begin: { format: FORMAT, organization, after, hash } });
export const endLine = ({ position, hash, keys }: End): string => JSON.stringify({ end: { position, hash, keys } });

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
    const line = readLine(text);
    if (opened) {
      // What comes behind an end takes it back: the second of two parts may be cut off as well.
      hasEnded = takeLine(opened, line);
      continue;
    }
    if (line.kind !== 'begin') return null;
    const { organization, position, hash } = line;
    opened = { organization, after: position, check: createChainCheck(keys, { organization, position, hash }) };
    // Before its first event every log is the same, and nowhere else.
    if ((position === 0) !== (hash === FIRST_HASH)) opened.check.find(position, `the hash at position ${position}, where it begins, cannot be that of a log`);
  }
  if (!opened) return null;
  const { check } = opened;
  if (!hasEnded) check.find(check.position, `the file was cut off: its last line is missing, and the last event is at position ${check.position}`);
  else if (check.signatures === 0) check.find(check.position, 'nothing is proven: no signature in it is valid');
  else if (check.signedThrough < check.position) {
    check.find(check.signedThrough + 1, `what comes after position ${check.signedThrough} has no valid signature`);
  }
  return { ...opened, checksum: checksum.digest('hex'), bytes };
}

type Opened = Pick<FileReport, 'check' | 'organization' | 'after'>;

/** Whether the line is an end. */
function takeLine({ check, organization }: Opened, line: Line): boolean {
  if (line.kind === 'event') {
    const { position } = line;
    if (line.organization !== organization) check.find(position, `the event at position ${position} is of another organization`);
    check.event(line);
  } else if (line.kind === 'signed') check.signed(line.signed);
  else if (line.kind === 'other') check.find(check.position, `the line after position ${check.position} is none of an export`);
  else if ((line.kind === 'begin' && line.organization !== organization) || line.position !== check.position || line.hash !== check.hash) {
    // A file may be several that were put together: then each but the first goes on where the one before ended.
    check.find(check.position, `the ${line.kind === 'begin' ? 'part that begins' : 'end'} after position ${check.position} belongs elsewhere`);
  }
  return line.kind === 'end';
}
