import { isNode, type Node, nodesOf, type Operator, type Operators, replace, without } from './syntax.ts';

/** Words that say whose something is. */
const ID = /\b(orgId|userId|tenantKey|tenant|clientId|fingerprint|credentialId|hashed)\b/;
const IDS: ReadonlySet<string> = new Set(['orgId', 'userId', 'tenantKey', 'clientId']);
const CARRIERS = /^(where|shared|key|filter|author|seen|id|nested|selection|query)$/;

const COMPARISONS: ReadonlySet<string> = new Set(['===', '!==']);
const isId = (text: string): boolean => text.length < 60 && !text.includes('=>') && ID.test(text);
const nameOf = (node: unknown): string => (isNode(node) && typeof node['name'] === 'string' ? node['name'] : '');

const pairs = (items: readonly Node[]): [Node, Node][] => items.slice(1).map((item, index) => [items[index]!, item]);

const isFlag = (node: unknown): boolean => isNode(node) && node.type === 'Literal';

/** The object without the properties that are meant, one at a time. What is only selected (`orgId: true`) is let be. */
const dropProperties = (isMeant: (name: string) => boolean): Operator => ({ node }) => {
  if (node.type !== 'ObjectExpression') return [];
  const properties = nodesOf(node['properties']);
  return properties.flatMap((property, index) =>
    isMeant(nameOf(property['key'])) && !isFlag(property['value']) ? [without(properties, index)] : [],
  );
};

/** Ways of not narrowing at all. */
export const filters: Operators = { 'drop where': dropProperties((name) => name === 'where') };

/** Ways of losing or mixing up whose something is. */
export const tenant: Operators = {
  'drop id': dropProperties((name) => IDS.has(name)),
  'drop spread': ({ node }) => {
    if (node.type !== 'ObjectExpression') return [];
    const properties = nodesOf(node['properties']);
    return properties.flatMap((property, index) => {
      const spread = property.type === 'SpreadElement' ? (property['argument'] as Node) : undefined;
      const name = nameOf(spread) || nameOf(spread?.['property']);
      return CARRIERS.test(name) ? [without(properties, index)] : [];
    });
  },
  'drop key part': ({ node, parents, textOf }) => {
    // What an error says is no key.
    if (parents.some(({ type }) => type === 'ThrowStatement')) return [];
    if (node.type === 'ArrayExpression') {
      const items = nodesOf(node['elements']);
      return items.length < 2 ? [] : items.flatMap((item, index) => (isId(textOf(item)) ? [without(items, index)] : []));
    }
    if (node.type !== 'TemplateLiteral' || parents[0]?.type === 'TaggedTemplateExpression') return [];
    return nodesOf(node['expressions'])
      .filter((part) => isId(textOf(part)))
      .map((part) => ({ start: part.start - 2, end: part.end + 1, text: '' }));
  },
  'compare with itself': ({ node, textOf }) => {
    if (node.type !== 'BinaryExpression' || !COMPARISONS.has(node['operator'] as string)) return [];
    const [left, right] = [node['left'] as Node, node['right'] as Node];
    const compared = right.type !== 'Literal' && nameOf(right) !== 'undefined' && (ID.test(textOf(left)) || ID.test(textOf(right)) || nameOf(right) === 'key');
    return compared ? [replace(right, textOf(left))] : [];
  },
  /** What the caller chose is not passed on. */
  'drop choice': ({ node, parents: [parent] }) =>
    node.type === 'Identifier' && nameOf(node) === 'organization' && nodesOf(parent?.['arguments']).includes(node) ? [replace(node, 'null')] : [],
  /** An id that only some have a right to is taken whoever asks. */
  'take id anyway': ({ node, textOf }) => {
    if (node.type !== 'ConditionalExpression') return [];
    const [taken, otherwise] = [node['consequent'] as Node, node['alternate'] as Node];
    const isTaken = taken.type === 'MemberExpression' && IDS.has(nameOf(taken['property'])) && textOf(otherwise) === 'null';
    return isTaken ? [replace(node, `(${textOf(taken).replace('.', '?.')} ?? null)`)] : [];
  },
  'swap ids': ({ node, textOf }) => {
    const items = nodesOf(node['elements'] ?? node['arguments']);
    if (node.type !== 'ArrayExpression' && node.type !== 'CallExpression') return [];
    return pairs(items)
      .filter(([left, right]) => isId(textOf(left)) && /\borgId\b/.test(textOf(left)) && isId(textOf(right)) && /[uU]serId\b/.test(textOf(right)))
      .map(([left, right]) => ({ start: left.start, end: right.end, text: `${textOf(right)}, ${textOf(left)}` }));
  },
};
