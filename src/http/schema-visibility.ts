import { type ASTVisitor, type DocumentNode, GraphQLError, validate, type ValidationContext } from 'graphql';
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
 * Checks documents against the schema, and keeps the schema from those who may not read it: no introspection, and no
 * suggestions of names, neither about the document nor about its variables. The outcome is remembered for each document,
 * apart for those who may read the schema and those who may not.
 */
export function useSchemaVisibility(introspection: Introspection): Plugin {
  const shown = remembering();
  const hidden = remembering();
  return {
    onValidate({ context, setValidationFn }) {
      const open = mayRead(introspection, stateOf((context as { request: Request }).request).principal);
      setValidationFn((schema, document: DocumentNode, rules) => {
        if (open) return shown(document, () => validate(schema, document, rules));
        const withoutSchema = [...(rules ?? []), schemaIsHidden(introspection)];
        return hidden(document, () => validate(schema, document, withoutSchema, { hideSuggestions: true }));
      });
    },
    onExecute({ args }) {
      const open = mayRead(introspection, stateOf(args.contextValue.request).principal);
      if (!open) Object.assign(args, { hideSuggestions: true });
    },
  };
}

type Outcome = readonly GraphQLError[];

function remembering(): (document: DocumentNode, check: () => Outcome) => Outcome {
  const outcomes = new WeakMap<DocumentNode, Outcome>();
  return (document, check) => {
    let outcome = outcomes.get(document);
    if (!outcome) outcomes.set(document, (outcome = check()));
    return outcome;
  };
}

const SCHEMA_FIELDS = new Set(['__schema', '__type']);

const schemaIsHidden = (introspection: Introspection) => (context: ValidationContext): ASTVisitor => ({
  Field(node) {
    if (introspection === 'on' || !SCHEMA_FIELDS.has(node.name.value)) return;
    context.reportError(new GraphQLError(REFUSALS[introspection], { nodes: node }));
  },
});
