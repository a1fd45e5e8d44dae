import { createHash } from 'node:crypto';
import type { CodegenConfig } from '@graphql-codegen/cli';

/** What a document is called by who does not send its text: the same wherever it is computed. */
const idOf = (text: string) => `sha256:${createHash('sha256').update(text).digest('hex')}`;

/**
 * `npm run codegen`: the types of the SDK's documents, from schema.graphql alone, without a server. What is generated
 * is committed, and `npm run generated` fails when it is stale.
 */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  documents: ['src/sdk/**/*.ts', 'examples/**/*.ts', '!src/sdk/generated/**'],
  generates: {
    'src/sdk/generated/': {
      preset: 'client',
      // A document is a string with a type: nothing is parsed in the client, and no GraphQL library is needed there.
      // Fragments are not masked, because a script reads what it asked for where it asked for it.
      // Each operation knows its id, for servers that take documents they trust: persisted-documents.json is their list.
      presetConfig: {
        fragmentMasking: false,
        skipIndexFile: true,
        persistedDocuments: { mode: 'embedHashInDocument', hashPropertyName: 'id', hashAlgorithm: idOf },
      },
      config: {
        documentMode: 'string',
        // Node strips types and resolves nothing: imports name the file, and enums are unions of their values.
        importExtension: '.ts',
        enumType: 'string-literal',
        useTypeImports: true,
        strictScalars: true,
        immutableTypes: true,
        // The client throws when an answer has an error, so what is null on errors alone is never null for its callers.
        nullability: { errorHandlingClient: true },
        scalars: {
          ID: 'string',
          DateTime: 'string',
          EmailAddress: 'string',
          JSON: 'unknown',
          JSONObject: 'Record<string, unknown>',
          Position: 'number',
        },
      },
    },
  },
};

export default config;
