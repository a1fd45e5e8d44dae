// Some columns may be written and never read: hashes of secrets. PostgreSQL refuses "every column" of such a table, and
// Prisma asks for every column when it joins a list, though it then uses only the selected ones. So "every column" of
// these tables is spelled as the readable ones. A test compares the list with what the database grants.

/** The columns that the runtime role may read, of the tables where those are not all. */
export const readableColumns: Readonly<Record<string, readonly string[]>> = {
  '"iam"."users"': ['id', 'email', 'name', 'email_verified_at', 'status', 'system_role', 'created_at', 'updated_at', 'locale', 'timezone'],
  '"iam"."api_keys"': [
    'org_id',
    'id',
    'user_id',
    'name',
    'description',
    'type',
    'prefix',
    'scopes',
    'rate_limit_per_hour',
    'status',
    'expires_at',
    'revoked_at',
    'last_used_at',
    'superseded_by_id',
    'issued_by_id',
    'created_at',
    'updated_at',
    'allowed_networks',
    'allowed_origins',
    'require_second_factor',
    'monthly_limit',
    'usage_id',
    'revoked_reason',
    'made_by_key_id',
  ],
  '"iam"."invitations"': [
    'org_id',
    'id',
    'email',
    'name',
    'role',
    'invited_by_id',
    'sent_count',
    'sent_at',
    'expires_at',
    'accepted_at',
    'revoked_at',
    'created_at',
    'updated_at',
  ],
  '"iam"."sessions"': [
    'id',
    'user_id',
    'access_expires_at',
    'refresh_expires_at',
    'ended_at',
    'user_agent',
    'created_at',
    'updated_at',
    'proved_at',
    'second_factor_at',
    'ip',
    'refreshed_at',
  ],
};

const everyColumn = /"(t\d+)"\.\* FROM ("\w+"\."\w+") AS "\1"/g;

/** The statement with "every column" of a table narrowed to the readable ones, where that is not the same. */
export function selectReadableColumns(sql: string): string {
  if (!sql.includes('.* FROM "iam".')) return sql;
  return sql.replace(everyColumn, (whole, alias: string, table: string) => {
    const columns = readableColumns[table]?.map((column) => `"${alias}"."${column}"`).join(', ');
    return columns === undefined ? whole : `${columns} FROM ${table} AS "${alias}"`;
  });
}
