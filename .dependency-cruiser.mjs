// The law of imports: who may know whom. `npm run imports` runs it; the reasons are in README under "Layout".
//
// The default is no: an area may import what its line below lists, and itself. Entries, tests, scripts, examples and the
// benchmark may import anything, and only they import each other.

const ENTRIES = '^(src/(main|serve|compose|readiness|rate-limits|mails|load-demo|migrate|seed|audit-verify|bootstrap-admin|second-factor|events-archive|signed-log)\\.ts$|prisma/)';
const TESTS = '^(test|bench|scripts|examples)/|\\.test\\.ts$|^[^/]+\\.[cm]?ts$';
const PROJECT = '^(src|prisma|test|bench|scripts|examples)/';
const GENERATED = '^src/platform/postgres/generated/';

/** What each area may import of the project, besides itself. */
const AREAS = {
  kernel: [],
  sdk: [],
  config: ['^src/kernel/'],
  platform: ['^src/(config|kernel)/'],
  domains: ['^src/(kernel|platform)/'],
  // What another program or a part of this one does for the domains, as they ask for it.
  engines: ['^src/(kernel|platform)/', '^src/domains/[^/]+/index\\.ts$'],
  // What a type may know: the use cases by their front doors and the words that all of them share.
  graphql: ['^src/kernel/', '^src/domains/[^/]+/index\\.ts$', '^src/domains/service-context\\.ts$'],
  http: ['^src/(config|kernel|platform|graphql)/', '^src/domains/[^/]+/index\\.ts$', '^src/domains/service-context\\.ts$'],
  ops: ['^src/(config|kernel|platform)/'],
  cli: ['^src/(sdk|ops)/'],
};

// The one door from the schema to the database's types, and the one that knows the tenant's models.
const SCHEMA_TO_PLATFORM = '^src/graphql/builder\\.ts$';

/** From the first to the last: each domain may import those before it, by their front doors. */
export const DOMAINS = ['events', 'endings', 'mails', 'organizations', 'identity', 'second-factor', 'auth', 'people', 'invitations', 'api-keys', 'onboarding', 'platform', 'workflows'];

/** Who may look something up before a tenant is known. Whoever is added here can see across tenants. */
const PRE_TENANT = [
  '^src/compose\\.ts$',
  '^src/domains/api-keys/leaked\\.ts$',
  '^src/domains/auth/(auth\\.service|lookups|sessions|sign-in|step-up|verify)\\.ts$',
  '^src/domains/identity/member\\.service\\.ts$',
  '^src/domains/invitations/accept\\.ts$',
  '^src/domains/onboarding/(onboarding\\.service|sweep)\\.ts$',
  '^src/domains/people/(dependencies|clearing)\\.ts$',
  '^src/domains/platform/platform\\.service\\.ts$',
];

const areaRules = Object.entries(AREAS).map(([area, allowed]) => ({
  name: `area-${area}`,
  comment: `src/${area} imports ${allowed.length === 0 ? 'nothing else of the project' : 'only what its line in the table allows'}.`,
  severity: 'error',
  from: { path: `^src/${area}/`, pathNot: [TESTS, ...(area === 'graphql' ? [SCHEMA_TO_PLATFORM] : [])] },
  to: { path: PROJECT, pathNot: [`^src/${area}/`, ...allowed] },
}));

const orderRules = DOMAINS.slice(0, -1).map((domain, index) => ({
  name: `order-${domain}`,
  comment: `The domain ${domain} comes before ${DOMAINS.slice(index + 1).join(', ')}, so it cannot know them.`,
  severity: 'error',
  from: { path: `^src/domains/${domain}/`, pathNot: TESTS },
  to: { path: `^src/domains/(${DOMAINS.slice(index + 1).join('|')})/` },
}));

export default {
  forbidden: [
    ...areaRules,
    ...orderRules,
    {
      name: 'builder-only',
      comment: "The schema builder imports the platform's generated types and what it needs to wire the plugins, no more.",
      severity: 'error',
      from: { path: SCHEMA_TO_PLATFORM },
      to: { path: '^(src/(?!graphql/|kernel/|platform/)|prisma/)' },
    },
    {
      name: 'known-area',
      comment: 'A new folder of src needs a line in the table of .dependency-cruiser.mjs before it imports anything.',
      severity: 'error',
      from: { path: '^src/', pathNot: [`^src/(${Object.keys(AREAS).join('|')})/`, ENTRIES, TESTS] },
      to: { path: PROJECT },
    },
    {
      name: 'known-domain',
      comment: 'A new domain needs a place in the order of .dependency-cruiser.mjs before it imports another.',
      severity: 'error',
      from: { path: '^src/domains/([^/]+)/', pathNot: [`^src/domains/(${DOMAINS.join('|')})/`, TESTS] },
      to: { path: '^src/domains/[^/]+/', pathNot: '^src/domains/$1/' },
    },
    {
      name: 'front-door',
      comment: 'A domain is reached by its index.ts, because what is behind it may change.',
      severity: 'error',
      from: { path: '^src/domains/([^/]+)/', pathNot: TESTS },
      to: { path: '^src/domains/[^/]+/', pathNot: ['^src/domains/$1/', '^src/domains/[^/]+/index\\.ts$'] },
    },
    {
      name: 'shared-words',
      comment: 'What all domains share knows none of them.',
      severity: 'error',
      from: { path: '^src/domains/[^/]+\\.ts$', pathNot: TESTS },
      to: { path: '^src/domains/[^/]+/' },
    },
    {
      name: 'entries',
      comment: 'An entry puts the parts together; a part that imports it would be part of everything.',
      severity: 'error',
      from: { path: '^src/', pathNot: [ENTRIES, TESTS] },
      to: { path: ENTRIES },
    },
    {
      name: 'tests-stay-outside',
      comment: 'The product does not import tests, scripts, examples or the benchmark.',
      severity: 'error',
      from: { path: '^(src|prisma)/', pathNot: TESTS },
      to: { path: '^(test|bench|scripts|examples)/|\\.test\\.ts$' },
    },
    {
      name: 'pre-tenant',
      comment: 'Look-ups before a tenant is known see across tenants: only the files on the allow-list may hold them.',
      severity: 'error',
      from: { path: '^(src|prisma)/', pathNot: [TESTS, '^src/platform/postgres/pre-tenant\\.ts$', ...PRE_TENANT] },
      to: { path: '^src/platform/postgres/(pre-tenant|people-credentials|platform-database)\\.ts$' },
    },
    {
      name: 'generated-client',
      comment: "Prisma's generated client has no tenant wall: only the platform and the schema builder see it.",
      severity: 'error',
      from: { path: '^(src|prisma)/', pathNot: [TESTS, '^src/platform/postgres/', SCHEMA_TO_PLATFORM] },
      to: { path: GENERATED },
    },
    {
      name: 'database-driver',
      comment: 'A connection of its own has no tenant: only the platform opens one, and the bulk load of the operator.',
      severity: 'error',
      from: { path: '^(src|prisma)/', pathNot: [TESTS, '^src/platform/postgres/', '^src/ops/seed/'] },
      to: { path: '(^|/)node_modules/(pg|pg-copy-streams|@prisma/(client|adapter-pg))/' },
    },
    {
      name: 'no-door-inside',
      comment: 'Rules and use cases do not know by which door they are called.',
      severity: 'error',
      from: { path: '^src/(kernel|config|platform|domains|ops)/', pathNot: [TESTS, GENERATED] },
      to: { path: '(^|/)node_modules/(graphql|graphql-yoga|graphql-scalars|@pothos|@graphql-yoga)/|^(node:)?https?$' },
    },
    {
      name: 'no-development-package',
      comment: 'The production image has no development packages.',
      severity: 'error',
      from: { path: '^(src|prisma)/', pathNot: TESTS },
      to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'resolvable',
      comment: 'What is imported exists and is in package.json.',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'no-cycle',
      comment: 'Two files that need each other are one file, or three.',
      severity: 'error',
      from: { pathNot: GENERATED },
      // Pothos has plugins declare their options on its global types, which name the plugin's class: types only.
      to: { circular: true, viaOnly: { dependencyTypesNot: ['type-only'] } },
    },
  ],
  options: {
    // TypeScript 7 has no API for reading source; swc reads type imports too, and they count.
    parser: 'swc',
    tsPreCompilationDeps: true,
    doNotFollow: { path: 'node_modules' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'], mainFields: ['main', 'types', 'typings'] },
  },
};
