import { type Node, nodesOf, type Operators, replace } from './syntax.ts';

/** What holds a value to its tenant, and which argument is that value: left away, the value passes as it came. */
const HOLDERS: ReadonlyMap<string, number> = new Map(Object.entries({
  withTenant: 0,
  scopeNested: 2,
  scopeSelectionMap: 2,
  scopeWhere: 2,
  scopeUniqueWhere: 2,
  scopeCreate: 2,
  scopeUpdate: 2,
  checked: 0,
  selectReadableColumns: 0,
  allOf: 1,
  sameTenant: 1,
  withinScopes: 0,
  canonical: 0,
}));

/** What remembers by a key. What is keyed by an object (a WeakMap) is the same wherever it is kept. */
const MADE_FOR_ONE: ReadonlySet<string> = new Set(['Map', 'DataLoader', 'createLoaders', 'createCredentialCache', 'createScope', 'callerOf']);
const KEPT: ReadonlySet<string> = new Set(['VariableDeclarator', 'Property']);
const FUNCTIONS: ReadonlySet<string> = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

const calleeName = (node: Node): string => ((node['callee'] as Node | undefined)?.['name'] as string | undefined) ?? '';

/** Ways of going around a wall, or of keeping for everybody what belongs to one. */
export const walls: Operators = {
  'let pass': ({ node, parents: [parent], textOf }) => {
    const isUsed = node.type === 'CallExpression' && parent?.type !== 'ExpressionStatement';
    const argument = isUsed ? HOLDERS.get(calleeName(node)) : undefined;
    const value = argument === undefined ? undefined : nodesOf(node['arguments'])[argument];
    return value ? [replace(node, `(${textOf(value)})`)] : [];
  },
  'keep for everybody': ({ node, parents, textOf }) => {
    const [parent] = parents;
    const isMade = (node.type === 'NewExpression' || node.type === 'CallExpression') && MADE_FOR_ONE.has(calleeName(node));
    // A map that is made of something, or handed out empty, is an answer and remembers nothing.
    const isAnswer = calleeName(node) === 'Map' && (nodesOf(node['arguments']).length > 0 || !KEPT.has(parent?.type ?? ''));
    if (!isMade || isAnswer || !parents.some((parent) => FUNCTIONS.has(parent.type))) return [];
    const holder = `(globalThis as Record<string, any>)['kept at ${node.start}']`;
    return [replace(node, `(${holder} ??= ${textOf(node)})`)];
  },
};
