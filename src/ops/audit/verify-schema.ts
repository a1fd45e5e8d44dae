import type { Finding } from '../../platform/chain/index.ts';
import { inTransaction, withClient } from '../../platform/postgres/client.ts';
import { readMigrationFiles } from '../../platform/postgres/migrations/index.ts';
import type { OpenDatabase } from '../../platform/postgres/open-database.ts';
import { assertMigrated } from '../../platform/postgres/startup-checks.ts';
import { type Declared, describeFunction, describePolicy, describeTrigger, readDeclared, SCHEMAS } from './declared.ts';

type Ask = <Row>(text: string) => Promise<Row[]>;

/**
 * Holds what the log is written, read and guarded by against the migrations. The audit asks functions of the database for the
 * events, so one that was replaced would tell it whatever it wants to hear.
 *
 * @throws OperatorError when the database is not at these migrations.
 */
export async function verifySchema({ runtimeUrl }: Pick<OpenDatabase, 'runtimeUrl'>): Promise<Finding[]> {
  const files = await readMigrationFiles();
  await assertMigrated(runtimeUrl, files);
  const declared = readDeclared(files.map(({ upSql }) => upSql));
  const actual = await withClient(runtimeUrl, (client) =>
    inTransaction(client, async () => {
      // Nothing of the names below is to be taken from anywhere else.
      await client.query('SET LOCAL search_path = pg_catalog');
      return readActual(async <Row>(text: string) => (await client.query(text, [SCHEMAS])).rows as Row[]);
    }),
  );
  return [
    ...differences('the function', declared.functions, actual.functions),
    ...differences('the trigger', declared.triggers, actual.triggers),
    ...differences('the policy', declared.policies, actual.policies),
    ...differences('the table', declared.tables, actual.tables),
  ].map((message) => ({ position: 0, message }));
}

function* differences(what: string, declared: ReadonlyMap<string, string>, actual: readonly (readonly [string, string])[]): Generator<string> {
  const found = new Set(actual.map(([name]) => name));
  for (const name of declared.keys()) if (!found.has(name)) yield `${what} ${name} is missing`;
  for (const [name, description] of actual) {
    if (!declared.has(name)) yield `${what} ${name} is none of the migrations`;
    else if (declared.get(name) !== description) yield `${what} ${name} is not that of the migrations: it was changed or switched off`;
  }
}

/** The same as what is declared, as it is; of one name there may be several. */
type Actual = { readonly [Kind in keyof Declared]: readonly (readonly [name: string, description: string])[] };

const VOLATILITIES: Readonly<Record<string, string>> = { i: 'IMMUTABLE', s: 'STABLE', v: 'VOLATILE' };
const COMMANDS: Readonly<Record<string, string>> = { '*': '', r: 'FOR SELECT', a: 'FOR INSERT', w: 'FOR UPDATE', d: 'FOR DELETE' };

interface FunctionRow {
  readonly name: string;
  readonly language: string;
  readonly volatility: string;
  readonly body: string;
  readonly definer: string | null;
  readonly settings: string[] | null;
}

interface TriggerRow {
  readonly name: string;
  readonly type: number;
  readonly enabled: string;
  readonly call: string;
  readonly args: string;
  readonly narrowed: boolean;
}

interface PolicyRow {
  readonly name: string;
  readonly permissive: boolean;
  readonly command: string;
  readonly roles: string[];
  readonly qual: string | null;
  readonly checked: string | null;
}

interface TableRow {
  readonly name: string;
  readonly kind: string;
  readonly rowSecurity: boolean;
  readonly diverted: boolean;
}

async function readActual(ask: Ask): Promise<Actual> {
  const functions = await ask<FunctionRow>(`
    SELECT format('%I.%I', n.nspname, p.proname) AS name, l.lanname AS language, p.provolatile AS volatility, p.prosrc AS body,
           CASE WHEN p.prosecdef THEN CASE WHEN o.rolname = 'tenantry_definer' THEN o.rolname ELSE 'another role' END END AS definer,
           p.proconfig AS settings
    FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang JOIN pg_roles o ON o.oid = p.proowner
    WHERE n.nspname = ANY ($1)`);
  const triggers = await ask<TriggerRow>(`
    SELECT format('%I of %I.%I', t.tgname, n.nspname, c.relname) AS name, t.tgtype AS type, t.tgenabled AS enabled,
           format('%I.%I', m.nspname, p.proname) AS call, encode(t.tgargs, 'hex') AS args, t.tgqual IS NOT NULL OR t.tgattr <> '' AS narrowed
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    JOIN pg_proc p ON p.oid = t.tgfoid JOIN pg_namespace m ON m.oid = p.pronamespace
    WHERE NOT t.tgisinternal AND n.nspname = ANY ($1)`);
  const policies = await ask<PolicyRow>(`
    SELECT format('%I of %I.%I', p.polname, n.nspname, c.relname) AS name, p.polpermissive AS permissive, p.polcmd AS command,
           ARRAY(SELECT CASE WHEN role = 0 THEN 'public' ELSE pg_get_userbyid(role)::text END FROM unnest(p.polroles) AS role) AS roles,
           pg_get_expr(p.polqual, p.polrelid) AS qual, pg_get_expr(p.polwithcheck, p.polrelid) AS checked
    FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = ANY ($1)`);
  const tables = await ask<TableRow>(`
    SELECT format('%I.%I', n.nspname, c.relname) AS name, c.relkind AS kind, c.relrowsecurity AND c.relforcerowsecurity AS "rowSecurity",
           EXISTS (SELECT FROM pg_rewrite r WHERE r.ev_class = c.oid) OR EXISTS (SELECT FROM pg_inherits i WHERE i.inhparent = c.oid) AS diverted
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relkind <> 'i' AND n.nspname = ANY ($1)`);
  return {
    functions: functions.map(({ name, language, volatility, definer, settings, body }) => [
      name,
      describeFunction({ language, volatility: VOLATILITIES[volatility]!, definer, settings: settings ?? [], body }),
    ]),
    triggers: triggers.map(({ name, type, enabled, call, args, narrowed }) => {
      const texts = Buffer.from(args, 'hex').toString().split('\0').slice(0, -1);
      return [name, enabled === 'O' && !narrowed ? describeTrigger({ type, call, args: texts }) : 'switched off'];
    }),
    policies: policies.map(({ name, permissive, command, roles, qual, checked }) => {
      const clauses = [COMMANDS[command], `TO ${roles.join(', ')}`, qual && `USING ${qual}`, checked && `WITH CHECK ${checked}`];
      return [name, describePolicy(`${permissive ? '' : 'AS RESTRICTIVE'} ${clauses.join(' ')}`)];
    }),
    tables: tables.map(({ name, kind, rowSecurity, diverted }) => [name, kind === 'r' && rowSecurity && !diverted ? 'table' : 'diverted']),
  };
}
