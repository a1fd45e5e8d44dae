import {
  type ASTVisitor,
  type DocumentNode,
  GraphQLError,
  Kind,
  type StringValueNode,
  validate,
  type ValidationContext,
  visit,
} from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { Principal } from '../kernel/principal.ts';
import { stateOf } from './request-state.ts';

/** Who may read the schema, by introspection or by being told what they might have meant. */
export type Introspection = 'on' | 'signed-in' | 'off';

const REFUSALS: Readonly<Record<Exclude<Introspection, 'on'>, string>> = {
  'signed-in': 'The schema is shown to signed-in callers: send a key or an access token.',
  off: 'This server does not show its schema: use the schema.graphql that belongs to it.',
};

const mayRead = (introspection: Introspection, principal: Principal | null): boolean =>
  introspection === 'on' || (introspection === 'signed-in' && principal !== null);

/**
 * Checks documents against the schema, and keeps the schema from those who may not read it: `__schema` is refused, no type
 * that `__type` asks for exists, and no names are suggested, neither about the document nor about its variables. The
 * outcome is remembered for each document, apart for those who may read the schema and those who may not.
 */
export function useSchemaVisibility(introspection: Introspection): Plugin {
  const shown = remembering<Outcome>();
  const hidden = remembering<Outcome>();
  const blind = remembering<DocumentNode>();
  return {
    onValidate({ context, setValidationFn }) {
      const open = mayRead(introspection, stateOf((context as { request: Request }).request).principal);
      setValidationFn((schema, document: DocumentNode, rules) => {
        if (open) return shown(document, () => validate(schema, document, rules));
        const withoutSchema = [...(rules ?? []), schemaIsHidden(introspection)];
        return hidden(document, () => validate(schema, document, withoutSchema, { hideSuggestions: true }));
      });
    },
    onSubscribe({ args }) {
      const open = mayRead(introspection, stateOf(args.contextValue.request).principal);
      if (!open) Object.assign(args, { hideSuggestions: true });
    },
    onExecute({ args }) {
      const open = mayRead(introspection, stateOf(args.contextValue.request).principal);
      if (open) return;
      const document = blind(args.document, () => askingForNoType(args.document));
      Object.assign(args, { document, hideSuggestions: true });
    },
  };
}

type Outcome = readonly GraphQLError[];

function remembering<Value>(): (document: DocumentNode, make: () => Value) => Value {
  const known = new WeakMap<DocumentNode, Value>();
  return (document, make) => {
    let value = known.get(document);
    if (value === undefined) known.set(document, (value = make()));
    return value;
  };
}

const schemaIsHidden = (introspection: Introspection) => (context: ValidationContext): ASTVisitor => ({
  Field(node) {
    if (introspection === 'on' || node.name.value !== '__schema') return;
    context.reportError(new GraphQLError(REFUSALS[introspection], { nodes: node }));
  },
});

const NO_TYPE: StringValueNode = { kind: Kind.STRING, value: '' };

/** The document with `__type` asking for a type without a name: the answer is null, as for any that does not exist. */
function askingForNoType(document: DocumentNode): DocumentNode {
  return visit(document, {
    Field(node) {
      if (node.name.value !== '__type') return undefined;
      return { ...node, arguments: node.arguments?.map((argument) => ({ ...argument, value: NO_TYPE })) };
    },
  });
}
