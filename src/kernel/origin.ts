/** By which way something came in. */
export type Source = 'api' | 'cli' | 'webhook' | 'system';

/** Where a piece of work comes from, as far as it is known. One object for each piece of work: each request has its own. */
export interface Origin {
  readonly source?: Source;
  readonly ip?: string | null;
  readonly userAgent?: string | null;
  /** The same for everything that one request set off: the id of the request. */
  readonly correlationId?: string | null;
}
