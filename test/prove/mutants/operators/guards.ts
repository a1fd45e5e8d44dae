import { isNode, type Node, nodesOf, type Operators, replace } from './syntax.ts';

/** Words of a condition that has to do with whose something is, or with whether it still holds. */
export const MATTERS = /tenant|org|user|scope|held|own|key|named|enforced|status|generation|until|doubtful|stale|state|finished|closed|listening|matches|reused|hash|model/i;

const throws = (node: Node): boolean =>
  node.type === 'ThrowStatement' || (node.type === 'BlockStatement' && nodesOf(node['body']).some(throws));

const returns = ({ type }: Node): boolean => type === 'ReturnStatement' || type === 'ContinueStatement';

const isCall = (node: unknown): boolean =>
  isNode(node) && (node.type === 'CallExpression' || (node.type === 'AwaitExpression' && isCall(node['argument'])));

/** Calls that keep a process tidy and have nothing to do with whose something is. */
const HOUSEKEEPING = /unref|clearTimeout|clearInterval|\.on\('(error|connect)'|listener/;

/** Ways of forgetting to look, or of looking the wrong way round. */
export const guards: Operators = {
  'drop guard': ({ node }) => {
    const isGuard = node.type === 'IfStatement' && node['alternate'] === null && throws(node['consequent'] as Node);
    return isGuard ? [replace(node, '{}')] : [];
  },
  'negate guard': ({ node, textOf }) => {
    if (node.type !== 'IfStatement' || !returns(node['consequent'] as Node)) return [];
    const test = node['test'] as Node;
    return MATTERS.test(textOf(test)) ? [replace(test, `!(${textOf(test)})`)] : [];
  },
  'drop call': ({ node, textOf }) =>
    node.type === 'ExpressionStatement' && isCall(node['expression']) && !HOUSEKEEPING.test(textOf(node)) ? [replace(node, '{}')] : [],
};
