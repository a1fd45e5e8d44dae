import pg from 'pg';

export interface ClientOptions {
  readonly connectTimeoutMs?: number;
}

/**
 * Runs `work` on a connection of its own and closes it, for the few tasks outside the pool: roles, checks, databases.
 * Errors are the driver's.
 */
export const withClient = async <Result>(
  url: string,
  work: (client: pg.Client) => Promise<Result>,
  options: ClientOptions = {},
): Promise<Result> => {
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: options.connectTimeoutMs ?? 5_000,
    application_name: 'tenantry',
  });
  // A connection that breaks between two statements is reported here; the next statement fails with the cause.
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** The user name in a database address. */
export const userOf = (url: string): string => decodeURIComponent(new URL(url).username);

/** The address without its password, for people. */
export const withoutPassword = (url: string): string => {
  const shown = new URL(url);
  shown.password = '';
  shown.search = '';
  return shown.href;
};
