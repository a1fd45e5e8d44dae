import type { CodegenConfig } from '@graphql-codegen/cli';

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
      presetConfig: { fragmentMasking: false, skipIndexFile: true },
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
        },
      },
    },
  },
};

export default config;
