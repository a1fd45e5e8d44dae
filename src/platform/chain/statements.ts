import type { KeyRing, Verdict } from './keys.ts';

/** What is said of a log and signed: it had this hash at this position. */
export interface Checkpoint {
  readonly kind: 'checkpoint';
  readonly organization: string;
  readonly position: number;
  /** Of the event at the position, in hexadecimal digits. */
  readonly hash: string;
  readonly keyId: string;
  /** As in `2026-01-31T12:00:00.000Z`. */
  readonly signedAt: string;
}

/** What is said of a file: it has all events up to the position that were not archived before. */
export interface Archive extends Omit<Checkpoint, 'kind'> {
  readonly kind: 'archive';
  /** SHA-256 of the file, in hexadecimal digits. */
  readonly checksum: string;
  /** The length of the file. */
  readonly bytes: number;
}

/** A statement with its text, which is what is signed, and the signature. */
export interface Signed<Statement> {
  readonly statement: Statement;
  readonly text: string;
  readonly signature: Uint8Array;
}

/** The text that is signed: what it is and what it says, always in the same order. */
export function textOf(statement: Checkpoint | Archive): string {
  const { kind, organization, position, hash, keyId, signedAt } = statement;
  const file = kind === 'archive' ? { checksum: statement.checksum, bytes: statement.bytes } : {};
  return JSON.stringify({ kind, organization, position, hash, ...file, keyId, signedAt });
}

/** A statement as the key of now signs it: which key that is, is part of what is said. */
export function signStatement<Statement extends Checkpoint | Archive>(
  keys: KeyRing,
  unsigned: Omit<Statement, 'keyId'>,
): Signed<Statement> {
  const statement = { ...unsigned, keyId: keys.keyId } as Statement;
  const text = textOf(statement);
  return { statement, text, signature: keys.sign(text) };
}

/** What the signature is worth; what is said by it is another question. */
export function verifyStatement(keys: KeyRing, { statement, text, signature }: Signed<Checkpoint | Archive>): Verdict {
  return keys.verify(statement.keyId, text, signature);
}
