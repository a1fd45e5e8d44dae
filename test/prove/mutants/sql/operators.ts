import { type SqlOperator, type SqlOperators, wherever, without } from './statements.ts';

const POLICY = /^CREATE POLICY/;
const TENANT_POLICY = /^CREATE POLICY (tenant|self) /;
const TABLE = /^CREATE TABLE/;
const UNIQUE_INDEX = /^CREATE UNIQUE INDEX/;
const FUNCTION = /^CREATE (?:OR REPLACE )?FUNCTION/;
const SCOPE_FUNCTION = /^CREATE FUNCTION app\.current_/;
const LOOKUP_FUNCTION = /^CREATE FUNCTION (?:iam|events)\./;
const TRIGGER = /^CREATE TRIGGER announce/;
const GRANT = /^GRANT /;

/** Policies and row level security itself. */
export const policies: SqlOperators = {
  'drop policy': without(POLICY),
  'drop enable': without(/ENABLE ROW LEVEL SECURITY/),
  'drop force': without(/FORCE ROW LEVEL SECURITY/),
  'see everything': wherever(TENANT_POLICY, /USING \(\w+ = \([^)]*\)\)\)/g, 'USING (true)'),
  'write everything': wherever(POLICY, /WITH CHECK \((.*)\)/g, 'WITH CHECK (true)'),
  'drop with check': wherever(TENANT_POLICY, / WITH CHECK \(.*\)(?=;)/g, ''),
  'policy for everybody': wherever(POLICY, / TO (tenantry_runtime|tenantry_definer|CURRENT_USER)/g, ' TO PUBLIC'),
  'policy for more than reading': wherever(POLICY, / FOR SELECT/g, ''),
  'drop condition of a policy': wherever(/^CREATE POLICY register/, /\w+ (?:IS NULL|= '\w+') AND /g, ''),
};

const FOREIGN_KEY = /FOREIGN KEY \(org_id, (\w+)\) REFERENCES ([\w.]+) \(org_id, (\w+)\)/g;

/** A key that points at a row without saying whose it is. What it points at must then be unique, so that comes along. */
const foreignKeyWithoutTenant: SqlOperator = ({ text }) => {
  const table = /^CREATE TABLE ([\w.]+)/.exec(text)?.[1];
  if (table === undefined) return [];
  return [...text.matchAll(FOREIGN_KEY)].map((match) => {
    const [key, column, target, targetColumn] = match;
    const before = text.slice(0, match.index);
    const after = text.slice(match.index + key.length);
    const changed = `${before}FOREIGN KEY (${column}) REFERENCES ${target} (${targetColumn})${after}`;
    const index = `CREATE UNIQUE INDEX ON ${target} (${targetColumn});\n`;
    const itself = changed.replace('PRIMARY KEY (org_id, id)', 'PRIMARY KEY (org_id, id), UNIQUE (id)');
    return { start: 0, end: text.length, text: target === table ? itself : index + changed };
  });
};

/** Keys that carry the tenant. */
export const keys: SqlOperators = {
  'foreign key without tenant': foreignKeyWithoutTenant,
  'drop foreign key': wherever(TABLE, /,\s*FOREIGN KEY \(org_id, \w+\) REFERENCES [\w.]+ \([^)]*\)(?: ON \w+ (?:SET NULL \(\w+\)|CASCADE|RESTRICT))*/g, ''),
  'primary key without tenant': wherever(TABLE, /PRIMARY KEY \(org_id, ([^)]*)\)/g, 'PRIMARY KEY ($1), UNIQUE (org_id, $1)'),
  'unique without tenant': wherever(TABLE, /UNIQUE \(org_id, ([^)]*)\)/g, 'UNIQUE ($1), UNIQUE (org_id, $1)'),
  'unique index without tenant': wherever(UNIQUE_INDEX, /\(org_id, /g, '('),
  'any organization': wherever(TABLE, /(?<=\n  org_id\s+uuid NOT NULL) REFERENCES (?:iam\.organizations \(id\)|events\.heads \(org_id\)) ON DELETE \w+ ON UPDATE \w+/g, ''),
};

/** The functions that tell for whom a statement acts. */
export const context: SqlOperators = {
  'no tenant is no error': wherever(SCOPE_FUNCTION, /IF setting[\s\S]*?END IF;/g, ''),
  'empty is a tenant': wherever(SCOPE_FUNCTION, / OR setting = ''/g, ''),
  'only empty is refused': wherever(SCOPE_FUNCTION, /setting IS NULL OR /g, ''),
  'another setting': wherever(SCOPE_FUNCTION, /(?<=current_setting\('app\.current_)(org|user)_id/g, 'other_id'),
  'the same for everybody': wherever(SCOPE_FUNCTION, /setting::uuid/g, "'00000000-0000-0000-0000-000000000000'::uuid"),
  'keep the former search path': without(/^ALTER FUNCTION app\.current_.* SET search_path/),
};

/** The functions that look before the tenant is known. */
export const lookups: SqlOperators = {
  'drop predicate': wherever(LOOKUP_FUNCTION, /(?<=WHERE )(\w\.\w+ = p_\w+)(?=\s)/g, 'true'),
  'drop condition': wherever(LOOKUP_FUNCTION, /\s+AND (?:u\.\w+ (?:=|<>) '\w+'|EXISTS \(.*\))/g, ''),
  'drop half of a join': wherever(LOOKUP_FUNCTION, /m\.org_id = k\.org_id AND |(?<=ON m\.org_id = k\.org_id) AND m\.user_id = k\.user_id/g, ''),
  'either is enough': wherever(LOOKUP_FUNCTION, /s\.refresh_hash = p_refresh_hash OR /g, ''),
  // Of the functions that are altered later on, what they were made with shows nowhere: so only what is there at the end.
  'drop search path': wherever(FUNCTION, / SET search_path = pg_catalog, pg_temp(?= AS \$\$\n\s+(?:SELECT|DECLARE))/g, ''),
  'types of the caller': wherever(FUNCTION, /(?<=SET search_path = pg_catalog), pg_temp/g, ''),
  'keep the former search path': without(/^ALTER FUNCTION (?!app\.current_).* SET search_path/),
  'rights of the caller': wherever(LOOKUP_FUNCTION, / SECURITY DEFINER/g, ''),
  'rights of the owner': wherever(/^CREATE FUNCTION iam\.memberships_of/, / SET search_path/g, ' SECURITY DEFINER SET search_path'),
  'function of the owner': without(/^ALTER FUNCTION .* OWNER TO/),
  'function for everybody': without(/^REVOKE ALL ON FUNCTION/),
  'keep the right to create': without(/^REVOKE CREATE/),
};

/** What the server's role may do. */
export const rights: SqlOperators = {
  'grant too much': wherever(GRANT, /(?<=^GRANT )(?:SELECT|INSERT)(?:, \w+)*(?= ON)/g, 'ALL'),
  'grant every column': wherever(GRANT, /(?<=^GRANT (?:SELECT|UPDATE|INSERT)) \([^)]*\)/g, ''),
  'grant to everybody': wherever(GRANT, /(?<=\bTO )tenantry_(?:runtime|definer)(?:, tenantry_definer)?(?=;)/g, 'PUBLIC'),
  'create in the schema': wherever(/^GRANT USAGE ON SCHEMA/, /USAGE/g, 'USAGE, CREATE'),
};

/** What tells every process that a cached principal is out of date. */
export const announcements: SqlOperators = {
  'drop announcement': without(TRIGGER),
  'announce no removal': wherever(TRIGGER, / OR DELETE/g, ''),
  'announce no arrival': wherever(TRIGGER, /INSERT OR /g, ''),
  'announce less': wherever(TRIGGER, /(?<=UPDATE OF [\w, ]*)\w+, /g, ''),
  'announce another': wherever(TRIGGER, /(?<=\('\w+', ')\w+/g, 'created_at'),
};
