import type pg from 'pg';
import { fromGlobalId, toGlobalId } from '../../../../src/kernel/ids.ts';
import { type Column, isPersonTable, isTenantTable, type Table } from './rows.ts';

/** The word by which the attacked organization's texts are known, and the one in its place in the attacker's. */
export const FOREIGN_WORD = 'bravo';
export const OWN_WORD = 'alpha';

/** The end of every id of the attacked organization. Copied ids keep their order, so that lists are sorted alike. */
const FOREIGN_TAIL = 'b0b0b0b0';

/** The id of the attacked organization's row that looks like this one. */
export const foreignUuid = (uuid: string): string => uuid.slice(0, -FOREIGN_TAIL.length) + FOREIGN_TAIL;

/** The same for a global id. */
export function foreignId(id: string): string {
  const { type, uuid } = fromGlobalId(id)!;
  return toGlobalId(type, foreignUuid(uuid));
}

const UUID_BUT_TAIL = '([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4})[0-9a-f]{8}';
const ofForeign = (text: string): string => `replace(${text}, '${OWN_WORD}', '${FOREIGN_WORD}')`;

/** The look-alike of a column's value: ids, words and digests are the other organization's, all else is the same. */
function copied({ name, type }: Column): string {
  const column = JSON.stringify(name);
  if (type === 'uuid') return `overlay(${column}::text PLACING '${FOREIGN_TAIL}' FROM 29)::uuid`;
  if (type === 'text' || type === 'character varying') return ofForeign(column);
  if (type === 'text[]') return `string_to_array(${ofForeign(`array_to_string(${column}, chr(10))`)}, chr(10))`;
  if (type === 'jsonb') return `regexp_replace(${ofForeign(`${column}::text`)}, '${UUID_BUT_TAIL}', '\\1${FOREIGN_TAIL}', 'g')::jsonb`;
  // A signature is as long as two digests.
  if (type === 'bytea') return `CASE length(${column}) WHEN 64 THEN sha256(${column}) || sha256(${column}) ELSE sha256(${column}) END`;
  return column;
}

const copySql = (table: Table, condition: string): string =>
  `INSERT INTO ${table.name} (${table.columns.map(({ name }) => JSON.stringify(name)).join(', ')})
   SELECT ${table.columns.map(copied).join(', ')} FROM ${table.name} WHERE ${condition}`;

/**
 * Makes a second organization that is the first one's look-alike: every row of every tenant table and of its people,
 * with the same names, slugs, times, states and counts. Only ids differ, and texts in which the first one's word occurs.
 */
export async function copyTenant(client: pg.Client, tables: readonly Table[], orgUuid: string): Promise<void> {
  const tableNamed = (name: string): Table => tables.find((table) => table.name === name)!;
  const own = `= '${orgUuid}'`;
  const people = `(SELECT user_id FROM iam.memberships WHERE org_id ${own})`;
  const statements = [
    copySql(tableNamed('iam.organizations'), `id ${own}`),
    copySql(tableNamed('iam.users'), `id IN ${people}`),
    ...tables.filter(isPersonTable).map((table) => copySql(table, `user_id IN ${people}`)),
    ...tables.filter(isTenantTable).map((table) => copySql(table, `org_id ${own}`)),
  ];
  await client.query(`BEGIN; SET LOCAL session_replication_role = replica; ${statements.join('; ')}; COMMIT`);
}
