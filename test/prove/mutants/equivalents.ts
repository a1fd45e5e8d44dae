/** Mutants that no test can notice, because nothing they change can be seen from outside. */
export interface Equivalent {
  readonly reason: string;
  /** Names of mutants, as the list shows them. */
  readonly names: readonly string[];
}

/** Reviewed one by one. A name that belongs to no mutant any more fails the run. */
export const equivalents: readonly Equivalent[] = [
  {
    reason: 'A selection that reaches no relation leaves the scoping as it went in.',
    names: ['src/graphql/plugins/tenant-scope/index.ts and for or 3b88e4ea'],
  },
  {
    reason: "The query that Pothos makes of a field's selection has a select and nothing else.",
    names: ['src/graphql/plugins/tenant-scope/index.ts drop spread 1fe41c86'],
  },
  {
    reason: 'Prisma joins relations on PostgreSQL whatever the adapter says of it: the statements, and their number, are the same.',
    names: ['src/platform/postgres/adapter/index.ts flip boolean 8a0a4e10'],
  },
];
