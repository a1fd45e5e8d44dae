/**
 * A document that knows its types: what codegen's client preset makes with `documentMode: 'string'`. It is described by
 * its shape, so that a `TypedDocumentString` generated in another project fits as well.
 */
export interface TypedDocument<Result, Variables> {
  /** Carries the types and is never there at run time. */
  readonly __apiType?: ((variables: Variables) => Result) | undefined;
  /** What codegen knows of it: its `id` for servers that take trusted documents, if the project asks for that. */
  readonly __meta__?: Readonly<Record<string, unknown>> | undefined;
  /** Keeps out parsed documents, which are not text. */
  readonly kind?: never;
  toString(): string;
}
