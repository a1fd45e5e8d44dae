import { MATTERS } from './guards.ts';
import { type Node, nodesOf, type Operators, replace } from './syntax.ts';

const methodOf = (node: Node): { object: Node; property: Node } | undefined => {
  const callee = node.type === 'CallExpression' ? (node['callee'] as Node) : undefined;
  if (callee?.type !== 'MemberExpression' || callee['computed'] === true) return undefined;
  return { object: callee['object'] as Node, property: callee['property'] as Node };
};

const OPPOSITES: ReadonlyMap<string, string> = new Map([['every', 'some'], ['some', 'every']]);

/** Settings that decide about nobody's rows: what is selected, and how a socket is kept. */
const UNTOLD: ReadonlySet<string> = new Set(['select', 'keepAlive', 'orgId', 'id', 'sort.column']);

/** Ways of getting a condition nearly right. */
export const logic: Operators = {
  'and for or': ({ node, parents: [parent], textOf }) => {
    if (node.type !== 'LogicalExpression' || parent?.type === 'LogicalExpression' || node['operator'] === '??') return [];
    if (!MATTERS.test(textOf(node))) return [];
    const other = node['operator'] === '&&' ? '||' : '&&';
    return [replace(node, `(${textOf(node['left'] as Node)} ${other} ${textOf(node['right'] as Node)})`)];
  },
  'every for some': ({ node, textOf }) => {
    const method = methodOf(node);
    const opposite = method && OPPOSITES.get(textOf(method.property));
    return opposite ? [replace(method.property, opposite)] : [];
  },
  'drop filter': ({ node, textOf }) => {
    const method = methodOf(node);
    return method && textOf(method.property) === 'filter' ? [replace(node, textOf(method.object))] : [];
  },
  'flip boolean': ({ node, parents, textOf }) => {
    if (node.type !== 'Literal' || typeof node['value'] !== 'boolean') return [];
    const [parent] = parents;
    if (parents.some((each) => each.type === 'Property' && UNTOLD.has(textOf(each['key'] as Node)))) return [];
    const isGiven = parent?.type === 'Property' || (parent?.type === 'CallExpression' && nodesOf(parent['arguments']).includes(node));
    return isGiven ? [replace(node, String(!node['value']))] : [];
  },
};
