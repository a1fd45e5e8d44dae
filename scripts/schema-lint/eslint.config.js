import graphql from '@graphql-eslint/eslint-plugin';

const rule = (name, ...options) => [`@graphql-eslint/${name}`, options.length === 0 ? 'error' : ['error', ...options]];

const PAYLOADS = ['Success', 'Error', 'Connection', 'Edge', 'Change', 'Result'];
// Sums over what lies elsewhere.
const FIGURES = ['PlatformTotal', 'PlatformUsage'];
const OF_THE_CALLER = ['Viewer', 'User', 'SecondFactor', 'SecondFactorRequired', 'RateLimit', 'CostBudget'];

/** The rules of schema.graphql. Every rule of the plugin for schemas is here, or below with the reason why not. */
export default [
  {
    files: ['**/*.graphql'],
    languageOptions: { parser: graphql.parser, parserOptions: { graphQLConfig: { schema: 'schema.graphql' } } },
    plugins: { '@graphql-eslint': graphql },
    rules: Object.fromEntries([
      rule('description-style', { style: 'block' }),
      rule('input-name', { checkInputType: true, caseSensitiveInputType: false, checkQueries: false }),
      rule('known-argument-names'),
      rule('known-directives'),
      rule('known-type-names'),
      rule('lone-schema-definition'),
      rule('naming-convention', {
        types: 'PascalCase',
        FieldDefinition: 'camelCase',
        InputValueDefinition: 'camelCase',
        Argument: 'camelCase',
        DirectiveDefinition: 'camelCase',
        EnumValueDefinition: 'UPPER_CASE',
        'FieldDefinition[parent.name.value=Query]': { forbiddenPrefixes: ['get', 'query', 'list'], forbiddenSuffixes: ['Query'] },
        'FieldDefinition[parent.name.value=Mutation]': { forbiddenPrefixes: ['mutation'], forbiddenSuffixes: ['Mutation'] },
        'EnumTypeDefinition,InterfaceTypeDefinition,UnionTypeDefinition,ObjectTypeDefinition': {
          forbiddenPrefixes: ['Enum', 'Interface', 'Union', 'Type'],
          // An API key has a type, so "Type" may end a name.
          forbiddenSuffixes: ['Enum', 'Interface', 'Union'],
        },
      }),
      rule('no-hashtag-description'),
      rule('no-scalar-result-type-on-mutation'),
      rule('no-typename-prefix'),
      rule('no-unreachable-types'),
      rule('possible-type-extension'),
      rule('provided-required-arguments'),
      // A log is read forward: its lists have no last and before.
      rule('relay-arguments', { includeBoth: false }),
      rule('relay-connection-types'),
      // Lists that cannot grow (the fields of an error, the scopes of a key) need no pages. What operators of the platform are
      // shown of organizations is no Node: it can be listed by them, and asked for by its id by nobody.
      rule('relay-edge-types', { listTypeCanWrapOnlyEdgeType: false, shouldImplementNode: false }),
      rule('relay-page-info'),
      rule('require-deprecation-date'),
      rule('require-deprecation-reason'),
      rule('require-description', {
        types: true,
        rootField: true,
        DirectiveDefinition: true,
        FieldDefinition: true,
        InputValueDefinition: true,
        EnumValueDefinition: true,
      }),
      rule('require-nullable-fields-with-oneof'),
      rule('require-nullable-result-in-root'),
      rule('require-type-pattern-with-oneof'),
      // What has an identity has an id. The rest is the outcome of a mutation, a page, what a subscription tells, or the caller.
      rule('strict-id-in-types', {
        acceptedIdNames: ['id'],
        acceptedIdTypes: ['ID'],
        exceptions: { types: ['PageInfo', 'FieldError', 'EventActor', ...OF_THE_CALLER, ...FIGURES], suffixes: PAYLOADS },
      }),
      rule('unique-directive-names'),
      rule('unique-directive-names-per-location'),
      rule('unique-enum-value-names'),
      rule('unique-field-definition-names'),
      rule('unique-operation-types'),
      rule('unique-type-names'),
    ]),
    // Not here: alphabetize (the printer sorts), no-root-type (there are mutations), no-case-insensitive-enum-values-duplicates
    // (unique-enum-value-names covers it), require-field-of-type-query-in-mutation-result (a client asks again by itself).
  },
];
