import { createHash } from 'node:crypto';

/** A place in a source and what is put there instead. */
export interface Change {
  readonly operator: string;
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** One wall broken in one small way. */
export interface Mutant {
  /** File, operator and a hash of the line: the same as long as the line is, wherever it moves. */
  readonly name: string;
  readonly area: string;
  readonly file: string;
  readonly operator: string;
  readonly line: number;
  /** What stood there and what stands there now, shortened to a line. */
  readonly shown: string;
  /** The whole file with the change in it. */
  readonly source: string;
}

const short = (text: string): string => {
  const line = text.replace(/\s+/g, ' ').trim();
  return line.length > 90 ? `${line.slice(0, 87)}...` : line;
};

const lineAt = (source: string, offset: number): { number: number; text: string } => {
  const number = source.slice(0, offset).split('\n').length;
  return { number, text: source.split('\n')[number - 1]!.trim() };
};

/** Gives every change of a file its name. Equal changes of equal lines are told apart by their order. */
export function nameChanges(area: string, file: string, source: string, changes: readonly Change[]): Mutant[] {
  const seen = new Map<string, number>();
  return changes.map(({ operator, start, end, text }) => {
    const line = lineAt(source, start);
    const hash = createHash('sha256').update(line.text).digest('hex').slice(0, 8);
    const plain = `${file} ${operator} ${hash}`;
    const order = (seen.get(plain) ?? 0) + 1;
    seen.set(plain, order);
    return {
      name: order === 1 ? plain : `${plain}.${order}`,
      area,
      file,
      operator,
      line: line.number,
      shown: `${short(source.slice(start, end))} -> ${short(text) || '(nothing)'}`,
      source: source.slice(0, start) + text + source.slice(end),
    };
  });
}
