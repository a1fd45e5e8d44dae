import { nodesOf, type Operators, replace } from './syntax.ts';

/** Words for whom something is counted. */
const COUNTED = /^(subject|key)$/;

/** Ways of counting what different callers do together. */
export const counters: Operators = {
  'one counter for all': ({ node, parents: [parent] }) => {
    if (parent === undefined) return [];
    const isAsked = node.type === 'Identifier' && COUNTED.test(String(node['name'])) && nodesOf(parent['arguments'] ?? parent['expressions']).includes(node);
    const isMade = node.type === 'TemplateLiteral' && parent.type === 'Property' && COUNTED.test(String((parent['key'] as { name?: string }).name));
    return isAsked || isMade ? [replace(node, "'all'")] : [];
  },
};
