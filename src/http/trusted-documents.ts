import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { usePersistedOperations } from '@graphql-yoga/plugin-persisted-operations';
import type { GraphQLParams, Plugin } from 'graphql-yoga';
import { AppError } from '../kernel/errors.ts';
import { OperatorError } from '../kernel/operator-error.ts';

/** The documents that are known beforehand, by their ids: `sha256:` and the hash of the text in hexadecimal. */
export type TrustedDocuments = ReadonlyMap<string, string>;

const PREFIX = 'sha256:';

/**
 * Reads manifests: JSON objects of texts by id, as codegen writes them, with or without the prefix.
 *
 * @throws OperatorError with one line for a file that is none, and for a text that is not what its id says.
 */
export function readTrustedDocuments(files: readonly string[]): TrustedDocuments {
  const documents = new Map<string, string>();
  for (const file of files) {
    for (const [id, text] of Object.entries(readManifest(file))) {
      const right = idOf(text);
      if (id !== right && PREFIX + id !== right) {
        throw new OperatorError(`${file}: the document ${id} has another text than its id says: generate the file anew.`);
      }
      documents.set(right, text);
    }
  }
  return documents;
}

const idOf = (text: string): string => PREFIX + createHash('sha256').update(text).digest('hex');

function readManifest(file: string): Record<string, string> {
  const cure = 'name JSON files of documents by id in TRUSTED_DOCUMENTS, like src/sdk/generated/persisted-documents.json.';
  let manifest: unknown;
  try {
    manifest = JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    throw new OperatorError(`${file} cannot be read as JSON: ${cure}`);
  }
  const isObject = typeof manifest === 'object' && manifest !== null && !Array.isArray(manifest);
  if (!isObject || !Object.values(manifest as object).every((text) => typeof text === 'string')) {
    throw new OperatorError(`${file} is no list of documents: ${cure}`);
  }
  return manifest as Record<string, string>;
}

export interface DocumentRules {
  readonly trustedDocuments: TrustedDocuments;
  /** Whether any document may be sent as text, or only ids of trusted ones. */
  readonly freeText: boolean;
}

/**
 * Takes the id of a trusted document in place of its text, and refuses texts where only trusted documents may run. An id
 * saves the text and nothing else: the document is checked, limited and answered as if its text had been sent.
 */
export function useTrustedDocuments({ trustedDocuments, freeText }: DocumentRules): Plugin {
  return usePersistedOperations({
    allowArbitraryOperations: freeText,
    extractPersistedOperationId: sentId,
    getPersistedOperation: (id) => trustedDocuments.get(id) ?? null,
    customErrors: {
      notFound: () => new AppError('PERSISTED_DOCUMENT_NOT_FOUND', 'This server has no trusted document with this id.'),
      persistedQueryOnly: () =>
        new AppError('DOCUMENT_NOT_TRUSTED', 'This server runs trusted documents only: send a "documentId", and no "query".'),
      keyNotFound: () =>
        new AppError('BAD_REQUEST', 'Send a document as "query", or the id of a trusted one as "documentId".'),
    },
  });
}

/**
 * The id that was sent: `documentId`, or the hash that Apollo and urql send in its place. Theirs is only looked up: no
 * document is ever learned from a request.
 */
export function sentId(params: GraphQLParams): string | null {
  const { documentId, extensions } = params as GraphQLParams & { documentId?: unknown };
  if (documentId !== undefined) return typeof documentId === 'string' ? documentId : null;
  const { sha256Hash } = (extensions?.['persistedQuery'] ?? {}) as { sha256Hash?: unknown };
  return typeof sha256Hash === 'string' ? PREFIX + sha256Hash : null;
}
