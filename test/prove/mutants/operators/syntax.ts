import { parseSync } from 'oxc-parser';
import type { Change } from '../mutant.ts';

/** A node of the syntax tree; which fields it has depends on its type. */
export interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [field: string]: unknown;
}

/** What an operator sees of one place in a file. */
export interface Place {
  readonly node: Node;
  /** From the nearest to the farthest. */
  readonly parents: readonly Node[];
  readonly textOf: (node: Node) => string;
}

/** A way of breaking code: the changes it makes at one node, without its own name. */
export type Operator = (place: Place) => readonly Omit<Change, 'operator'>[];
export type Operators = Readonly<Record<string, Operator>>;

export const isNode = (value: unknown): value is Node => typeof value === 'object' && value !== null && 'type' in value && 'start' in value;

export const nodesOf = (value: unknown): readonly Node[] => (Array.isArray(value) ? value.filter(isNode) : []);

export const replace = ({ start, end }: Node, text: string): Omit<Change, 'operator'> => ({ start, end, text });

/** The items of a list without one of them, with the comma that belongs to it. */
export function without(items: readonly Node[], index: number): Omit<Change, 'operator'> {
  const item = items[index]!;
  const next = items[index + 1];
  const previous = items[index - 1];
  if (next) return { start: item.start, end: next.start, text: '' };
  return { start: previous ? previous.end : item.start, end: item.end, text: '' };
}

// Types do nothing at run time, and imports are not what a wall is made of.
const PASSED_OVER = /^(TS(Interface|TypeAlias|TypeAnnotation|TypeParameter)|ImportDeclaration|ExportAllDeclaration)/;

/** Whether a text is a program. */
export const parses = (file: string, source: string): boolean => parseSync(file, source).errors.length === 0;

/** Every change that the operators make in a file, in the order of the file. */
export function changesOf(file: string, source: string, operators: Operators): Change[] {
  const changes: Change[] = [];
  const textOf = ({ start, end }: Node): string => source.slice(start, end);
  const visit = (node: Node, parents: readonly Node[]): void => {
    if (PASSED_OVER.test(node.type)) return;
    for (const [name, operator] of Object.entries(operators)) {
      changes.push(...operator({ node, parents, textOf }).map((change) => ({ operator: name, ...change })));
    }
    const within = [node, ...parents];
    for (const field of Object.values(node)) {
      for (const child of Array.isArray(field) ? field : [field]) if (isNode(child)) visit(child, within);
    }
  };
  visit(parseSync(file, source).program as unknown as Node, []);
  return changes.sort((a, b) => a.start - b.start || a.end - b.end);
}
