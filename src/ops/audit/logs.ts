import { uuidOf } from '../../kernel/ids.ts';
import { OperatorError } from '../../kernel/operator-error.ts';
import { withClient } from '../../platform/postgres/client.ts';
import type { OpenDatabase } from '../../platform/postgres/open-database.ts';

/** The log of an organization, which may be empty, by what people call it. */
export interface KnownLog {
  readonly orgId: string;
  readonly name: string;
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * The log of the organization that is named, or those of all, also of such that have none. Names are told to the owner of the
 * database alone; with an id the server's own role does.
 *
 * @throws OperatorError when there is no such organization, or the owner's address is missing.
 */
export async function findLogs({ ownerUrl }: OpenDatabase, wanted?: string): Promise<KnownLog[]> {
  const id = wanted === undefined ? undefined : UUID.test(wanted) ? wanted : uuidOf('Organization', wanted);
  if (id != null && ownerUrl === undefined) return [{ orgId: id, name: wanted! }];
  if (ownerUrl === undefined) {
    throw new OperatorError('MIGRATION_DATABASE_URL is missing: set it to the address of the role that owns the database, or name one organization by its id.');
  }
  const { rows } = await withClient(ownerUrl, (client) =>
    client.query<{ orgId: string; name: string }>('SELECT org_id AS "orgId", slug AS name FROM events.find_logs()'),
  );
  const found = wanted === undefined ? rows : rows.filter(({ orgId, name }) => name === wanted || orgId === id);
  if (wanted !== undefined && found.length === 0) {
    throw new OperatorError(`There is no organization "${wanted.slice(0, 100)}": give its slug or its id.`);
  }
  return found;
}
