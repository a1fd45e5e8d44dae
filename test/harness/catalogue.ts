import { withClient } from '../../src/platform/postgres/client.ts';

const ours = `nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'`;

/** Grants in a stable order, with the built-in defaults written out, so that "none" and "the default" read alike. */
const acl = (column: string, kind: string, owner: string): string =>
  `(SELECT array_agg(item::text ORDER BY item::text) FROM unnest(coalesce(${column}, acldefault('${kind}', ${owner}))) item)`;

/** Each answers rows of one text column named `line`. */
const queries: Record<string, string> = {
  schema: `SELECT concat_ws(' ', nspname, nspowner::regrole, ${acl('nspacl', 'n', 'nspowner')}) AS line
             FROM pg_namespace WHERE ${ours}`,
  relation: `SELECT concat_ws(' ', relkind, c.oid::regclass, relowner::regrole, relpersistence, reloptions,
                    'rls', relrowsecurity, relforcerowsecurity, ${acl('relacl', 'r', 'relowner')},
                    CASE WHEN relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END) AS line
               FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
              WHERE ${ours} AND relkind NOT IN ('i', 'I', 't')`,
  column: `SELECT concat_ws(' ', attrelid::regclass, attnum, attname, format_type(atttypid, atttypmod), attcollation::regcollation,
                  attnotnull, attidentity, attgenerated, attstorage, pg_get_expr(adbin, adrelid), attacl) AS line
             FROM pg_attribute JOIN pg_class c ON c.oid = attrelid JOIN pg_namespace n ON n.oid = relnamespace
             LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
            WHERE ${ours} AND attnum > 0 AND NOT attisdropped AND relkind NOT IN ('i', 'I', 't')`,
  constraint: `SELECT concat_ws(' ', conrelid::regclass, conname, pg_get_constraintdef(k.oid), convalidated, conenforced) AS line
                 FROM pg_constraint k JOIN pg_namespace n ON n.oid = connamespace WHERE ${ours}`,
  index: `SELECT concat_ws(' ', pg_get_indexdef(indexrelid), indisvalid, indisunique, indisclustered, indisreplident) AS line
            FROM pg_index JOIN pg_class c ON c.oid = indexrelid JOIN pg_namespace n ON n.oid = relnamespace WHERE ${ours}`,
  policy: `SELECT concat_ws(' ', polrelid::regclass, polname, polcmd, polpermissive, polroles::regrole[],
                  'using', pg_get_expr(polqual, polrelid), 'check', pg_get_expr(polwithcheck, polrelid)) AS line FROM pg_policy`,
  function: `SELECT concat_ws(' ', proowner::regrole, ${acl('proacl', 'f', 'proowner')},
                    CASE WHEN prokind = 'a' THEN p.oid::regprocedure::text ELSE pg_get_functiondef(p.oid) END) AS line
               FROM pg_proc p JOIN pg_namespace n ON n.oid = pronamespace WHERE ${ours}`,
  trigger: `SELECT concat_ws(' ', pg_get_triggerdef(t.oid), tgenabled) AS line FROM pg_trigger t WHERE NOT tgisinternal`,
  rule: `SELECT concat_ws(' ', pg_get_ruledef(r.oid), ev_enabled) AS line
           FROM pg_rewrite r JOIN pg_class c ON c.oid = ev_class JOIN pg_namespace n ON n.oid = relnamespace
          WHERE ${ours} AND relkind NOT IN ('v', 'm')`,
  type: `SELECT concat_ws(' ', typtype, t.oid::regtype, typowner::regrole, format_type(typbasetype, typtypmod), typnotnull,
                typdefault, ${acl('typacl', 'T', 'typowner')},
                (SELECT array_agg(enumlabel ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = t.oid)) AS line
           FROM pg_type t JOIN pg_namespace n ON n.oid = typnamespace WHERE ${ours} AND typtype <> 'b'`,
  sequence: `SELECT concat_ws(' ', seqrelid::regclass, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcycle) AS line
               FROM pg_sequence`,
  extension: `SELECT concat_ws(' ', extname, extversion, extnamespace::regnamespace) AS line FROM pg_extension`,
  comment: `SELECT concat_ws(' ', classoid::regclass, pg_describe_object(classoid, objoid, objsubid), description) AS line
              FROM pg_description WHERE objoid >= 16384`,
  'default privilege': `SELECT concat_ws(' ', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl) AS line
                          FROM pg_default_acl`,
};

/**
 * Everything that migrations can make in a database, one line an object and without its internal number: two databases
 * with equal lines are alike in schemas, tables, columns, keys, indexes, policies, functions, triggers, owners, grants.
 */
export const dumpCatalogue = (superuserUrl: string): Promise<string[]> =>
  withClient(superuserUrl, async (client) => {
    const lines: string[] = [];
    for (const [kind, sql] of Object.entries(queries)) {
      const { rows } = await client.query<{ line: string }>(sql);
      lines.push(...rows.map(({ line }) => `${kind}: ${line}`));
    }
    return lines.sort();
  });
