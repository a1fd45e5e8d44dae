import type pg from 'pg';

/** One column, as far as copying rows needs it. */
export interface Column {
  readonly name: string;
  readonly type: string;
}

/** A table whose rows belong to somebody, with the columns that can be written. */
export interface Table {
  /** With its schema, quoted where it must be. */
  readonly name: string;
  readonly columns: readonly Column[];
}

/**
 * The tables of the schemas that hold tenants' rows, and of the one that holds what opens doors, read from the catalogue: a
 * new one is attacked by being there.
 */
export async function readTables(client: pg.Client): Promise<Table[]> {
  const { rows } = await client.query<{ name: string; columns: Column[] }>(`
    SELECT format('%I.%I', nspname, relname) AS name,
           json_agg(json_build_object('name', attname, 'type', format_type(atttypid, NULL)) ORDER BY attnum) AS columns
      FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace JOIN pg_attribute ON attrelid = c.oid
     WHERE relkind IN ('r', 'p') AND NOT relispartition AND attnum > 0 AND NOT attisdropped AND attgenerated = ''
       AND (nspname = 'credentials'
         OR relnamespace IN (SELECT relnamespace FROM pg_class JOIN pg_attribute ON attrelid = pg_class.oid
                              WHERE attname = 'org_id' AND relkind IN ('r', 'p') AND NOT attisdropped))
       AND nspname NOT LIKE 'pg\\_%' AND nspname <> 'proof_saved'
     GROUP BY 1 ORDER BY 1`);
  return rows;
}

const has = (table: Table, column: string): boolean => table.columns.some(({ name }) => name === column);

export const isTenantTable = (table: Table): boolean => has(table, 'org_id');

/** Rows of persons, not of organizations: sessions, for example. */
export const isPersonTable = (table: Table): boolean => !isTenantTable(table) && has(table, 'user_id');

/**
 * A statement that answers one text for all rows of organization `$1` and of the people who are in it but not in `$2`:
 * it is another text when any of them was changed, added or taken away.
 */
export function fingerprintSql(tables: readonly Table[]): string {
  // As they were: somebody who is taken into the other organization stays one of these people.
  const members = 'SELECT user_id FROM proof_saved."iam.memberships" WHERE org_id =';
  const people = `${members} $1 EXCEPT ${members} $2`;
  const parts = [
    ...tables.filter(isTenantTable).map(({ name }) => `SELECT '${name} ' || t::text AS line FROM ${name} t WHERE org_id = $1`),
    ...tables.filter(isPersonTable).map(({ name }) => `SELECT '${name} ' || t::text FROM ${name} t WHERE user_id IN (${people})`),
    `SELECT 'user ' || t::text FROM iam.users t WHERE id IN (${people})`,
    `SELECT 'organization ' || t::text FROM iam.organizations t WHERE id = $1`,
  ];
  return `SELECT md5(string_agg(line, chr(10) ORDER BY line)) AS fingerprint FROM (${parts.join(' UNION ALL ')}) lines`;
}

const savedName = (table: Table): string => `proof_saved.${JSON.stringify(table.name)}`;

/** Keeps all rows as they are now, in a schema that the server cannot see. */
export async function saveRows(client: pg.Client, tables: readonly Table[]): Promise<void> {
  await client.query('DROP SCHEMA IF EXISTS proof_saved CASCADE; CREATE SCHEMA proof_saved');
  for (const table of tables) await client.query(`CREATE TABLE ${savedName(table)} AS TABLE ${table.name}`);
}

/**
 * Statements, to be sent at once, that bring back the kept rows. Triggers and foreign keys rest meanwhile, so that the
 * rows come back exactly as they were and nobody is told.
 */
export function restoreSql(tables: readonly Table[]): string {
  const statements = tables.map((table) => {
    const columns = table.columns.map(({ name }) => JSON.stringify(name)).join(', ');
    return `DELETE FROM ${table.name}; INSERT INTO ${table.name} (${columns}) SELECT ${columns} FROM ${savedName(table)};`;
  });
  return `BEGIN; SET LOCAL session_replication_role = replica; ${statements.join(' ')} COMMIT`;
}

/** The ids in all rows of organization `$1`, its own included, and of the people who are in it. */
export function idsSql(tables: readonly Table[]): string {
  const ofPeople = 'user_id IN (SELECT user_id FROM iam.memberships WHERE org_id = $1)';
  const idsIn = ({ name, columns }: Table, condition: string): string[] =>
    columns.filter(({ type }) => type === 'uuid').map((column) => `SELECT ${JSON.stringify(column.name)} AS id FROM ${name} WHERE ${condition}`);
  const parts = [
    ...tables.filter(isTenantTable).flatMap((table) => idsIn(table, 'org_id = $1')),
    ...tables.filter(isPersonTable).flatMap((table) => idsIn(table, ofPeople)),
  ];
  return `SELECT DISTINCT id::text FROM (${parts.join(' UNION ALL ')}) ids WHERE id IS NOT NULL`;
}

/** The texts of organization `$1` in which the word `$2` occurs, each with the name of its column, one of each column. */
export function textsSql(tables: readonly Table[]): string {
  const parts = tables.flatMap(({ name, columns }) =>
    columns
      .filter(({ type }) => type === 'text')
      .map((column) => ({ column: JSON.stringify(column.name), key: isTenantTable({ name, columns }) ? 'org_id' : name === 'iam.organizations' ? 'id' : null, plain: column.name }))
      .filter(({ key }) => key !== null)
      .map(({ column, key, plain }) => `(SELECT '${plain}' AS column, ${column} AS text FROM ${name} WHERE ${key} = $1 AND position($2 IN ${column}) > 0 ORDER BY 2 LIMIT 1)`),
  );
  return `SELECT DISTINCT "column", text FROM (${parts.join(' UNION ALL ')}) texts ORDER BY 1, 2`;
}
