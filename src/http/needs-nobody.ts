import { Kind, type OperationDefinitionNode, parse } from 'graphql';
import type { GraphQLParams } from 'graphql-yoga';
import { type DocumentRules, sentId } from './trusted-documents.ts';

/**
 * What is asked for to come in, or to come in again, and does the same whoever asks. Not signOut, which would answer that a
 * session has ended that goes on, nor acceptInvitation, which joins the person who is signed in.
 */
const ENTRANCES: ReadonlySet<string> = new Set([
  'register',
  'verifyEmail',
  'resendVerification',
  'signIn',
  'completeSignIn',
  'refreshSession',
  'requestPasswordReset',
  'resetPassword',
]);

/**
 * Says whether a request asks for nothing but ways in. Programs send the access token they have with everything, also
 * with the very call that exchanges it because it has run out: such a request is answered as nobody's.
 *
 * @param tokensMax what is longer is read by nobody.
 */
export function createNeedsNobody({ trustedDocuments }: Pick<DocumentRules, 'trustedDocuments'>, tokensMax: number): (params: GraphQLParams) => boolean {
  return (params) => {
    const id = sentId(params);
    const text: unknown = id === null ? params.query : trustedDocuments.get(id);
    return typeof text === 'string' && isEntrance(text, tokensMax);
  };
}

/** Only one operation with plain fields: what is harder to read is refused as it always was. */
function isEntrance(text: string, maxTokens: number): boolean {
  let operations: OperationDefinitionNode[];
  try {
    operations = parse(text, { noLocation: true, maxTokens }).definitions.filter((each) => each.kind === Kind.OPERATION_DEFINITION);
  } catch {
    return false;
  }
  const [only, ...others] = operations;
  if (only?.operation !== 'mutation' || others.length > 0) return false;
  return only.selectionSet.selections.every((each) => each.kind === Kind.FIELD && ENTRANCES.has(each.name.value));
}
