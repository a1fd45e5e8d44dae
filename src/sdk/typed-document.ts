/**
 * A document that knows its types: what codegen's client preset makes with `documentMode: 'string'`. It is described by
 * its shape, so that a `TypedDocumentString` generated in another project fits as well.
 */
export interface TypedDocument<Result, Variables> {
  /** Carries the types and is never there at run time. */
  readonly __apiType?: ((variables: Variables) => Result) | undefined;
  /** Keeps out parsed documents, which are not text. */
  readonly kind?: never;
  toString(): string;
}
