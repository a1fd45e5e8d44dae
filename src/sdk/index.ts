/**
 * The typed client: `createClient`, ready documents, and `graphql()` for documents of one's own (run `npm run codegen`
 * after writing one).
 */
export { createClient, type Client, type ClientOptions, type RequestOptions } from './client.ts';
export {
  TenantryError,
  type ClientErrorCode,
  type FailureDetail,
  type ServerErrorCode,
  type TenantryErrorCode,
} from './errors.ts';
export { expectSuccess, type Success } from './expect-success.ts';
export { paginate, type ConnectionPage, type PaginateOptions } from './paginate.ts';
export type { TypedDocument } from './typed-document.ts';
export * from './documents.ts';
export * from './people-documents.ts';
export { graphql } from './generated/gql.ts';
export type * from './generated/graphql.ts';
