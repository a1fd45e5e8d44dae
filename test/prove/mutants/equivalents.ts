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
    reason: 'A connection that was lost meanwhile has failed at LISTEN already, and a closed feed holds none.',
    names: ['src/platform/postgres/access-changes.ts and for or 3410b91f'],
  },
  {
    reason: 'The adapter refuses a transaction without a scope, with the same error.',
    names: ['src/platform/postgres/tenant-client.ts drop call 2cf13a2a'],
  },
  {
    reason: 'A relation that is held leads to rows of the same kind of owner, whose key the row itself was asked for already.',
    names: ['src/platform/postgres/wall/selection.ts drop call 9cdd7a1f'],
  },
  {
    reason: 'A filter that has its tenant in one of several keys gets it once more, as itself.',
    names: ['src/platform/postgres/wall/where.ts every for some 47945610'],
  },
];
