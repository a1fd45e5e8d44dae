import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase, type TestDatabase } from '../harness/database.ts';

/**
 * What the third wall is made of, read from PostgreSQL's own catalogue: a table, function or grant that somebody adds
 * later is held against the same rules without anybody writing a test for it.
 */
let database: TestDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase();
  client = new pg.Client({ connectionString: database.superuserUrl });
  await client.connect();
});
afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const rows = async <Row>(sql: string, values: unknown[] = []): Promise<Row[]> => (await client.query(sql, values)).rows;

const SCHEMAS = "('app', 'credentials', 'events', 'iam', 'platform', 'workflow')";
/** Tables that the server's role cannot name at all: only functions that run as the definer reach them. */
const DEFINER_ONLY_TABLES = ['credentials.invitation_mails', 'credentials.recovery_codes', 'credentials.second_factors', 'credentials.sign_in_attempts', 'credentials.tokens'];
/** Tables of a person, not of an organization. */
const PERSONAL_TABLES = ['iam.users', 'iam.sessions'];
/** The table of the tenants themselves: its id is the tenant. */
const TENANTS = 'iam.organizations';

/** Indexes that do not begin with org_id on purpose: what is looked up before the organization is known. */
const LOOKUP_INDEXES = ['iam.api_keys_fingerprint_key', 'iam.invitations_token_hash_key', 'iam.memberships_user_id_idx'];

/** Everything that runs with other rights than its caller's. */
const DEFINER_FUNCTIONS = [
  'events.append_each(jsonb)',
  'events.archive(bigint,bytea,bytea,bigint,text,bytea,timestamp with time zone)',
  'events.find_logs()',
  'events.find_unsigned(bigint,interval)',
  'iam.begin_challenge(uuid,bytea,timestamp with time zone,timestamp with time zone)',
  'iam.begin_registration(text,text,bytea,text,timestamp with time zone,timestamp with time zone)',
  'iam.begin_reset(text,bytea,timestamp with time zone,timestamp with time zone)',
  'iam.begin_second_factor(text,bytea,timestamp with time zone)',
  'iam.begin_sign_in(text,bytea,timestamp with time zone)',
  'iam.change_password(text,text,uuid,timestamp with time zone)',
  'iam.clear_credentials(timestamp with time zone)',
  'iam.complete_registration(bytea,timestamp with time zone)',
  'iam.complete_reset(bytea,text,uuid,bytea,timestamp with time zone)',
  'iam.confirm_second_factor(bytea,bigint,bytea[],timestamp with time zone)',
  'iam.count_live_keys(timestamp with time zone)',
  'iam.end_sessions_of_deleted(timestamp with time zone)',
  'iam.ensure_identity(text,text)',
  'iam.find_api_key(bytea)',
  'iam.find_invitation(bytea,timestamp with time zone)',
  'iam.find_open_token(bytea,text,timestamp with time zone)',
  'iam.find_organization_for_operator(uuid,uuid)',
  'iam.find_other_seals(text[])',
  'iam.find_refresh(bytea,bytea)',
  'iam.find_second_factor()',
  'iam.find_session(bytea)',
  'iam.find_unsettled_organizations()',
  'iam.remove_second_factor()',
  'iam.renew_verification(text,bytea,timestamp with time zone,timestamp with time zone)',
  'iam.replace_recovery_codes(bytea[])',
  'iam.reseal_second_factor(bytea,text,bytea)',
  'iam.set_first_password(uuid,text,timestamp with time zone)',
  'iam.settle_sign_in(bytea,boolean)',
  'iam.still_has_password(uuid,text)',
  'iam.take_invitation_mail(text,timestamp with time zone)',
  'iam.take_sign_in_attempt(bytea,timestamp with time zone)',
  'iam.use_recovery_code(bytea,timestamp with time zone)',
  'iam.use_token(bytea,text,timestamp with time zone)',
  'iam.use_totp_step(bigint)',
  'platform.count_organizations()',
  'platform.list_organizations(text,timestamp with time zone,uuid,integer)',
  'platform.list_usage(date,uuid,integer)',
];
/** Those of them that the operator's commands call, as the owner of the database: the server may not. */
const OPERATOR_FUNCTIONS = DEFINER_FUNCTIONS.filter((name) => /^events\.(archive|find_logs)\(/.test(name));
/** Of the schemas whose functions are called by name, those that the server may call. */
const CALLED_FUNCTIONS = [
  ...DEFINER_FUNCTIONS.filter((name) => !OPERATOR_FUNCTIONS.includes(name)),
  'events.append(jsonb,jsonb,bigint)',
  'events.body(events.events)',
  'events.find_positions(jsonb,bigint,integer)',
  'events.read_chain(bigint,bigint,bigint)',
].sort();

describe('every table', () => {
  test('belongs to an organization, to a person, is the organization, or is out of the reach of the server', async () => {
    const tables = await rows<{ name: string; tenant: boolean }>(`
      SELECT n.nspname || '.' || c.relname AS name,
             EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id' AND a.attnotnull) AS tenant
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname IN ${SCHEMAS}`);
    expect(tables.length).toBeGreaterThan(8);
    expect(tables.filter(({ name, tenant }) => !tenant && ![TENANTS, ...PERSONAL_TABLES, ...DEFINER_ONLY_TABLES].includes(name))).toEqual([]);
  });

  test('has row level security enabled and forced', async () => {
    const open = await rows(`
      SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relkind IN ('r', 'p') AND n.nspname IN ${SCHEMAS} AND NOT (c.relrowsecurity AND c.relforcerowsecurity)`);
    expect(open).toEqual([]);
  });

  test('has exactly one policy for the server, on the current tenant or person, both for reading and for writing', async () => {
    const policies = await rows<{ name: string; policies: string[] | null }>(`
      SELECT n.nspname || '.' || c.relname AS name,
             array_agg(p.polname || ' ' || p.polcmd::text || ' ' || p.polpermissive || ' USING ' || pg_get_expr(p.polqual, c.oid)
               || ' CHECK ' || coalesce(pg_get_expr(p.polwithcheck, c.oid), '-')) FILTER (WHERE r.rolname = 'tenantry_runtime') AS policies
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      LEFT JOIN pg_policy p ON p.polrelid = c.oid LEFT JOIN pg_roles r ON r.oid = ANY (p.polroles)
      WHERE c.relkind IN ('r', 'p') AND n.nspname IN ${SCHEMAS} GROUP BY 1 ORDER BY 1`);
    expect(policies.filter(({ policies: own }) => own === null).map(({ name }) => name)).toEqual(DEFINER_ONLY_TABLES);
    for (const { name, policies: own } of policies.filter((table) => table.policies !== null)) {
      const expression = PERSONAL_TABLES.includes(name)
        ? `(${name === 'iam.users' ? 'id' : 'user_id'} = ( SELECT app.current_user_id() AS current_user_id))`
        : `(${name === TENANTS ? 'id' : 'org_id'} = ( SELECT app.current_org_id() AS current_org_id))`;
      const policy = PERSONAL_TABLES.includes(name) ? 'self' : 'tenant';
      expect([name, own]).toEqual([name, [`${policy} * true USING ${expression} CHECK ${expression}`]]);
    }
  });

  test('opens itself to nobody else, but to the append and archive of events, the look-ups before a tenant is known and the appointment of operators', async () => {
    const policies = await rows<{ policy: string }>(`
      SELECT n.nspname || '.' || c.relname || ' ' || p.polname || ' ' || p.polcmd::text || ' to '
             || coalesce((SELECT string_agg(r.rolname, ',') FROM pg_roles r WHERE r.oid = ANY (p.polroles)), 'public')
             || coalesce(' using ' || pg_get_expr(p.polqual, c.oid), '') || coalesce(' check ' || pg_get_expr(p.polwithcheck, c.oid), '') AS policy
      FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace ORDER BY 1`);
    const ownOnly = '(org_id = ( SELECT app.current_org_id() AS current_org_id))';
    expect(policies.map(({ policy }) => policy).filter((policy) => !policy.includes(' to tenantry_runtime '))).toEqual([
      ...DEFINER_ONLY_TABLES.map((table) => `${table} own * to tenantry_definer using true check true`),
      `events.archived_versions append * to tenantry_definer using ${ownOnly} check ${ownOnly}`,
      `events.archives append * to tenantry_definer using ${ownOnly} check ${ownOnly}`,
      'events.checkpoints lookup r to tenantry_definer using true',
      ...['event_tags', 'events', 'heads'].map((table) => `events.${table} append * to tenantry_definer using ${ownOnly} check ${ownOnly}`),
      'events.heads lookup r to tenantry_definer using true',
      'events.heads platform r to tenantry_platform using true',
      'iam.api_key_usage platform r to tenantry_platform using true',
      'iam.api_keys lookup r to tenantry_definer using true',
      'iam.invitations lookup r to tenantry_definer using true',
      'iam.memberships lookup r to tenantry_definer using true',
      'iam.memberships platform r to tenantry_platform using true',
      'iam.organizations lookup r to tenantry_definer using true',
      'iam.organizations platform r to tenantry_platform using true',
      'iam.sessions clear d to tenantry_definer using true',
      'iam.sessions end_all w to tenantry_definer using (ended_at IS NULL) check (ended_at IS NOT NULL)',
      'iam.sessions forget_factor w to tenantry_definer using (ended_at IS NULL) check (second_factor_at IS NULL)',
      'iam.sessions lookup r to tenantry_definer using true',
      'iam.users appoint * to tenantry_owner using true check true',
      "iam.users clear d to tenantry_definer using ((password_hash IS NULL) AND (email_verified_at IS NULL) AND (status = 'active'::iam.user_status) AND (system_role = 'user'::iam.system_role))",
      'iam.users lookup r to tenantry_definer using true',
      'iam.users platform r to tenantry_platform using (id = ( SELECT app.current_user_id() AS current_user_id))',
      "iam.users register a to tenantry_definer check ((password_hash IS NULL) AND (system_role = 'user'::iam.system_role) AND (status = 'active'::iam.user_status))",
      "iam.users settle w to tenantry_definer using (status = 'active'::iam.user_status) check (status = 'active'::iam.user_status)",
    ]);
  });
});

describe('every tenant table', () => {
  const TENANT_TABLE = `c.relkind IN ('r', 'p') AND n.nspname IN ${SCHEMAS}
    AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'org_id')`;

  test('has org_id first in its primary key', async () => {
    const keys = await rows<{ name: string; first: string }>(`
      SELECT n.nspname || '.' || c.relname AS name, (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = k.conkey[1]) AS first
      FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_constraint k ON k.conrelid = c.oid AND k.contype = 'p'
      WHERE ${TENANT_TABLE}`);
    expect(keys.filter(({ first }) => first !== 'org_id')).toEqual([]);
  });

  test('has org_id first in every foreign key to another tenant table, so that a row cannot point out of its tenant', async () => {
    const keys = await rows<{ name: string }>(`
      SELECT k.conrelid::regclass || '.' || k.conname AS name
      FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE k.contype = 'f' AND ${TENANT_TABLE}
        AND k.confrelid NOT IN ('iam.organizations'::regclass, 'iam.users'::regclass)
        AND ((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.conrelid AND a.attnum = k.conkey[1]) <> 'org_id'
          OR (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = k.confrelid AND a.attnum = k.confkey[1]) <> 'org_id')`);
    expect(keys).toEqual([]);
  });

  test('reaches its organization through a foreign key', async () => {
    const orphans = await rows(`
      WITH RECURSIVE held AS (
        SELECT 'iam.organizations'::regclass::oid AS oid
        UNION SELECT k.conrelid FROM pg_constraint k JOIN held h ON k.confrelid = h.oid WHERE k.contype = 'f')
      SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${TENANT_TABLE} AND c.oid NOT IN (SELECT oid FROM held)`);
    expect(orphans).toEqual([]);
  });

  test('has org_id first in every index, but for the look-ups before a tenant is known', async () => {
    const indexes = await rows<{ name: string }>(`
      SELECT n.nspname || '.' || i.relname AS name
      FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${TENANT_TABLE} AND coalesce((SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = x.indkey[0]), '') <> 'org_id' ORDER BY 1`);
    expect(indexes.map(({ name }) => name)).toEqual(LOOKUP_INDEXES);
  });

  test('has an index on (org_id, created_at, ...)', async () => {
    const without = await rows(`
      SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE ${TENANT_TABLE} AND NOT EXISTS (SELECT 1 FROM pg_index x WHERE x.indrelid = c.oid
        AND (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = x.indkey[0]) = 'org_id'
        AND (SELECT a.attname FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = x.indkey[1]) = 'created_at')`);
    expect(without).toEqual([]);
  });

  test('has no column whose equality PostgreSQL cannot use an index for under row level security', async () => {
    const leaky = await rows(`
      SELECT DISTINCT n.nspname || '.' || c.relname || '.' || a.attname || ': ' || t.typname AS name
      FROM pg_index x JOIN pg_class c ON c.oid = x.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum = ANY (x.indkey) JOIN pg_type t ON t.oid = a.atttypid
      JOIN pg_operator o ON o.oprname = '=' AND o.oprleft = (CASE WHEN t.typtype = 'e' THEN 'anyenum'::regtype ELSE t.oid END) AND o.oprright = o.oprleft
      JOIN pg_proc p ON p.oid = o.oprcode
      WHERE ${TENANT_TABLE} AND NOT p.proleakproof`);
    expect(leaky).toEqual([]);
  });
});

describe('every function', () => {
  test('that runs with other rights than its caller is on the list, owned by the role that it is for, with a fixed search_path', async () => {
    const functions = await rows<{ name: string; owner: string; config: string[] }>(`
      SELECT p.oid::regprocedure::text AS name, r.rolname AS owner, p.proconfig AS config
      FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_roles r ON r.oid = p.proowner
      WHERE p.prosecdef AND n.nspname NOT IN ('pg_catalog', 'information_schema') ORDER BY 1`);
    expect(functions.map(({ name }) => name)).toEqual(DEFINER_FUNCTIONS);
    for (const { name, owner, config } of functions) {
      const expected = name.startsWith('platform.') ? 'tenantry_platform' : 'tenantry_definer';
      expect([name, owner, config]).toEqual([name, expected, expect.arrayContaining(['search_path=pg_catalog, pg_temp'])]);
    }
  });

  test('finds what it names where it was meant, whatever its caller has set', async () => {
    const open = await rows(`
      SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname IN ${SCHEMAS} AND NOT coalesce('search_path=pg_catalog, pg_temp' = ANY (p.proconfig), false)`);
    expect(open).toEqual([]);
  });

  test('of the look-ups and of the log can be run by the server and by nobody else', async () => {
    const open = await rows(`
      SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname IN ('events', 'iam', 'platform') AND has_function_privilege('public', p.oid, 'EXECUTE')`);
    expect(open).toEqual([]);
    const granted = await rows<{ name: string }>(`
      SELECT p.oid::regprocedure::text AS name FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
      WHERE n.nspname IN ('events', 'iam', 'platform') AND has_function_privilege('tenantry_runtime', p.oid, 'EXECUTE') ORDER BY 1`);
    expect(granted.map(({ name }) => name).sort()).toEqual(CALLED_FUNCTIONS);
  });
});

describe('the server', () => {
  test('can name nothing of what opens doors: neither the schema nor a table nor a column of it', async () => {
    const [schema] = await rows(`SELECT has_schema_privilege('tenantry_runtime', 'credentials', 'USAGE, CREATE') AS any`);
    expect(schema).toEqual({ any: false });
    const reachable = await rows(`
      SELECT c.relname AS name FROM pg_class c WHERE c.relnamespace = 'credentials'::regnamespace AND c.relkind = 'r'
        AND (has_table_privilege('tenantry_runtime', c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER')
          OR has_any_column_privilege('tenantry_runtime', c.oid, 'SELECT, INSERT, UPDATE, REFERENCES'))`);
    expect(reachable).toEqual([]);
  });

  test('reads no column that holds a hash', async () => {
    const readable = await rows(`
      SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ${SCHEMAS} AND c.relkind = 'r' AND a.attnum > 0 AND (a.attname ~ '(hash|fingerprint|secret)$') AND a.attname <> 'request_hash'
        AND has_column_privilege('tenantry_runtime', c.oid, a.attnum, 'SELECT') ORDER BY 1`);
    // The hashes of the log are there to be shown.
    expect(readable).toEqual(['archives', 'checkpoints', 'events', 'heads'].map((table) => ({ name: `${table}.hash` })));
  });

  test('sets nobody’s password, proves no address and gives no session a family, whatever statement is injected: only functions do', async () => {
    const writable = await rows(`
      SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'iam' AND c.relkind = 'r' AND a.attname IN ('password_hash', 'email_verified_at', 'refresh_family_hash', 'system_role', 'email')
        AND c.relname IN ('users', 'sessions') AND has_column_privilege('tenantry_runtime', c.oid, a.attnum, 'UPDATE')`);
    expect(writable).toEqual([]);
    const defaults = await rows(`SELECT column_name AS name FROM information_schema.columns
      WHERE table_schema = 'iam' AND table_name = 'sessions' AND column_name IN ('proved_at', 'second_factor_at', 'refreshed_at') AND column_default IS NOT NULL`);
    expect(defaults).toEqual([]);
  });

  test('cannot change whose a row is or what it hangs on, nor anything of a workflow version', async () => {
    const changeable = await rows(`
      SELECT c.relname || '.' || a.attname AS name FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname IN ${SCHEMAS} AND c.relkind = 'r' AND a.attname IN ('org_id', 'id', 'user_id', 'workflow_id', 'workflow_state_id', 'system_role', 'created_at') AND has_column_privilege('tenantry_runtime', c.oid, a.attnum, 'UPDATE')`);
    expect(changeable).toEqual([]);
    const [versions] = await rows<{ update: boolean; remove: boolean }>(`
      SELECT has_table_privilege('tenantry_runtime', 'workflow.workflow_versions', 'UPDATE') AS update,
             has_table_privilege('tenantry_runtime', 'workflow.workflow_versions', 'DELETE') AS remove`);
    expect(versions).toEqual({ update: false, remove: false });
  });

  test('and the role that appends cannot change an event, and the server cannot take one away nor write one past the function', async () => {
    const rights = await rows(`
      SELECT role, bool_or(has_table_privilege(role, name, 'UPDATE') OR has_any_column_privilege(role, name, 'UPDATE')) AS update,
             bool_or(has_table_privilege(role, name, 'DELETE')) AS remove, bool_or(has_table_privilege(role, name, 'TRUNCATE')) AS truncate,
             bool_or(has_any_column_privilege(role, name, 'INSERT')) AS write
      FROM unnest('{tenantry_definer,tenantry_runtime}'::text[]) role, unnest('{events.events,events.event_tags}'::text[]) name GROUP BY role ORDER BY role`);
    expect(rights).toEqual([
      // What it may remove is what was archived: the tables see to it.
      { role: 'tenantry_definer', update: false, remove: true, truncate: false, write: true },
      { role: 'tenantry_runtime', update: false, remove: false, truncate: false, write: false },
    ]);
    const [head] = await rows(`SELECT has_any_column_privilege('tenantry_runtime', 'events.heads', 'INSERT, UPDATE') AS change`);
    expect(head).toEqual({ change: false });
  });

  test('owns nothing, creates nothing and empties no table', async () => {
    const [rights] = await rows(`
      SELECT has_schema_privilege('tenantry_runtime', 'iam', 'CREATE') AS iam, has_schema_privilege('tenantry_runtime', 'workflow', 'CREATE') AS workflow,
             has_schema_privilege('tenantry_runtime', 'app', 'CREATE') AS app, has_schema_privilege('tenantry_runtime', 'events', 'CREATE') AS events, has_table_privilege('tenantry_runtime', 'workflow.tasks', 'TRUNCATE') AS truncate,
             has_table_privilege('tenantry_runtime', 'workflow.tasks', 'TRIGGER') AS trigger`);
    expect(rights).toEqual({ iam: false, workflow: false, app: false, events: false, truncate: false, trigger: false });
  });
});

describe('every right', () => {
  test('of the server, of the definer, of the platform and of everybody is one of those that were reviewed', async () => {
    const rights = await rows<{ line: string }>(`
      WITH acl (object, item) AS (
        SELECT 'schema ' || nspname, unnest(nspacl) FROM pg_namespace
        UNION ALL SELECT n.nspname || '.' || c.relname, unnest(c.relacl) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        UNION ALL SELECT n.nspname || '.' || c.relname || ' (' || a.attname || ')', unnest(a.attacl)
                    FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
        UNION ALL SELECT p.oid::regprocedure::text, unnest(p.proacl) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace WHERE n.nspname IN ${SCHEMAS})
      SELECT concat_ws(' ', object, coalesce(r.rolname, 'public'), string_agg(x.privilege_type, ', ' ORDER BY x.privilege_type)) AS line
      FROM acl CROSS JOIN LATERAL aclexplode(ARRAY[item]) x LEFT JOIN pg_roles r ON r.oid = x.grantee
      WHERE object !~ '^(schema )?(pg_|information_schema)' AND coalesce(r.rolname, 'public') IN ('public', 'tenantry_runtime', 'tenantry_definer', 'tenantry_platform')
      GROUP BY object, r.rolname ORDER BY object COLLATE "C", r.rolname`);
    expect(rights.length).toBeGreaterThan(50);
    await expect(rights.map(({ line }) => `${line}\n`).join('')).toMatchFileSnapshot('rights.snapshot.txt');
  });
});

describe('every change that decides about access', () => {
  test('is announced by whose it is: each column that counts, and the end of the row', async () => {
    const triggers = await rows<{ line: string }>(`
      SELECT n.nspname || '.' || c.relname || ' ' || replace(encode(t.tgargs, 'escape'), '\\000', ' ')
             || concat_ws(', ', CASE WHEN t.tgtype & 4 > 0 THEN 'insert' END, CASE WHEN t.tgtype & 8 > 0 THEN 'delete' END,
                  'update of ' || (SELECT string_agg(a.attname, ' ' ORDER BY a.attname COLLATE "C") FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum = ANY (t.tgattr))) AS line
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE t.tgname = 'announce_access_change' AND t.tgenabled = 'O' AND t.tgtype & 3 = 1 ORDER BY 1`);
    expect(triggers.map(({ line }) => line)).toEqual([
      'credentials.second_factors user user_id delete, update of confirmed_at',
      'iam.api_keys key id delete, update of allowed_networks allowed_origins expires_at monthly_limit rate_limit_per_hour require_second_factor scopes status',
      'iam.memberships user user_id insert, delete, update of role status',
      'iam.organizations org id delete, update of name require_second_factor slug status',
      'iam.sessions session id delete, update of access_hash ended_at proved_at second_factor_at',
      'iam.users user id delete, update of password_hash status system_role',
    ]);
  });
});

describe('every table of the log', () => {
  test('refuses to be changed, before a row is looked for', async () => {
    const triggers = await rows<{ line: string }>(`
      SELECT n.nspname || '.' || c.relname || concat_ws(', ', ' ' || CASE WHEN t.tgtype & 2 > 0 THEN 'before' END,
                CASE WHEN t.tgtype & 1 = 0 THEN 'statement' END, CASE WHEN t.tgtype & 16 > 0 THEN 'update' END,
                CASE WHEN t.tgtype & 8 > 0 THEN 'delete' END, CASE WHEN t.tgtype & 32 > 0 THEN 'truncate' END) AS line
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE t.tgname = 'refuse_change' AND t.tgenabled = 'O' AND t.tgqual IS NULL ORDER BY 1`);
    expect(triggers.map(({ line }) => line)).toEqual([
      'events.archives before, statement, update, delete, truncate',
      'events.checkpoints before, statement, update, delete, truncate',
      'events.event_tags before, statement, update, delete, truncate',
      'events.events before, statement, update, delete, truncate',
      'events.heads before, statement, delete, truncate',
    ]);
  });

  test('from which archived rows may go, asks of the rows that have gone whether they were archived', async () => {
    const triggers = await rows<{ line: string }>(`
      SELECT c.relname || ' ' || t.tgname || ' ' || encode(t.tgargs, 'escape') || ' ' || coalesce(t.tgoldtable, '-') AS line
      FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = 'events' AND t.tgenabled = 'O' AND t.tgtype & 8 > 0 AND NOT t.tgisinternal ORDER BY 1`);
    expect(triggers.map(({ line }) => line)).toEqual([
      'archives refuse_change  -',
      'checkpoints refuse_change  -',
      'event_tags refuse_change but archived\\000 -',
      'event_tags refuse_unarchived  gone',
      'events refuse_change but archived\\000 -',
      'events refuse_unarchived  gone',
      'heads refuse_change  -',
    ]);
  });
});

describe('without a tenant', () => {
  const asRuntime = async (sql: string, settings: Record<string, string> = {}): Promise<unknown> => {
    const runtime = new pg.Client({ connectionString: database.runtimeUrl });
    await runtime.connect();
    try {
      await runtime.query('BEGIN');
      for (const [name, value] of Object.entries(settings)) await runtime.query('SELECT set_config($1, $2, true)', [name, value]);
      return (await runtime.query(sql)).rows;
    } finally {
      await runtime.end();
    }
  };

  test('a statement is an error, never an empty answer', async () => {
    for (const table of ['iam.organizations', 'iam.memberships', 'iam.invitations', 'iam.api_key_usage', 'workflow.workflows', 'workflow.task_states', 'iam.idempotency_keys', 'events.heads', 'events.events', 'events.event_tags', 'events.checkpoints', 'events.archives', 'events.processing_marks']) {
      await expect(asRuntime(`SELECT 1 FROM ${table}`)).rejects.toMatchObject({ code: 'TN001' });
      await expect(asRuntime(`SELECT 1 FROM ${table}`, { 'app.current_org_id': '' })).rejects.toMatchObject({ code: 'TN001' });
    }
    await expect(asRuntime('SELECT id FROM iam.users')).rejects.toMatchObject({ code: 'TN002' });
  });

  test('what is no UUID is no tenant', async () => {
    await expect(asRuntime('SELECT 1 FROM workflow.workflows', { 'app.current_org_id': 'nonsense' })).rejects.toMatchObject({ code: '22P02' });
  });
});
