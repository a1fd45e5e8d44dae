import type pg from 'pg';
import { isTenantTable, type Table } from './rows.ts';
import { FOREIGN_WORD, OWN_WORD } from './tenant-copy.ts';

/** A person who is in both organizations. */
export const PERSON_OF_BOTH = `both@${OWN_WORD}.test`;

/** The workflow without executions: one that is being executed cannot be deleted. */
const NEVER_RUN = 'workflow-1';

/** Rows in every state that the schema can show, and words that tell whose they are. `$1` is the organization. */
const ENRICHMENT = [
  `UPDATE iam.organizations SET description = 'Kept by ${OWN_WORD}', status_reason = 'Once suspended by ${OWN_WORD}' WHERE id = $1`,
  `UPDATE iam.organizations SET website = 'https://${OWN_WORD}.test/', contact_email = 'hello@${OWN_WORD}.test', settings = '{"owner": "${OWN_WORD}"}' WHERE id = $1`,
  `INSERT INTO iam.invitations (org_id, email, name, role, token_hash, invited_by_id, sent_at, expires_at, accepted_at, revoked_at)
   SELECT m.org_id, concat(state, '@${OWN_WORD}.test'), 'Asked by ${OWN_WORD}', 'viewer', sha256(concat(m.id, state)::bytea), m.id, '2025-01-01', '2025-01-08',
          CASE state WHEN 'accepted' THEN timestamptz '2025-01-02' END, CASE state WHEN 'revoked' THEN timestamptz '2025-01-03' END
     FROM iam.memberships m, unnest('{accepted,revoked,expired}'::text[]) state WHERE m.org_id = $1 AND m.role = 'owner'`,
  `UPDATE workflow.workflows SET description = 'Kept by ${OWN_WORD}' WHERE org_id = $1`,
  `UPDATE workflow.workflows SET slug = 'only-${OWN_WORD}', name = 'Only ${OWN_WORD}', status = 'inactive' WHERE org_id = $1 AND slug = 'workflow-2'`,
  `UPDATE workflow.workflow_versions SET definition = jsonb_set(definition, '{document,namespace}', '"${OWN_WORD}"') WHERE org_id = $1`,
  `UPDATE workflow.tasks SET config = config || '{"owner": "${OWN_WORD}"}' WHERE org_id = $1`,
  `INSERT INTO workflow.schedules (org_id, workflow_id, name, cron, enabled, last_run_at, created_by_id)
   SELECT w.org_id, w.id, concat('Schedule ', n), '0 9 * * *', n = 1, '2025-02-01', w.created_by_id FROM workflow.workflows w, generate_series(1, 2) n WHERE org_id = $1`,
  `UPDATE workflow.schedules SET input = '{"owner": "${OWN_WORD}"}' WHERE org_id = $1`,
  `INSERT INTO workflow.workflow_states (org_id, workflow_id, version, schedule_id, triggered_by_id, status, input, output, error, engine_namespace, engine_run_id, started_at, finished_at)
   SELECT w.org_id, w.id, 1, (SELECT id FROM workflow.schedules s WHERE (s.org_id, s.workflow_id) = (w.org_id, w.id) ORDER BY id LIMIT 1), w.created_by_id,
          state, '{"owner": "${OWN_WORD}"}', '["${OWN_WORD}"]', '{"cause": "${OWN_WORD}"}', 'org-${OWN_WORD}', concat(w.id, state), '2025-02-01', '2025-02-02'
     FROM workflow.workflows w, unnest(enum_range(NULL::workflow.execution_status)) state WHERE org_id = $1 AND slug <> '${NEVER_RUN}'`,
  `INSERT INTO workflow.task_states (org_id, workflow_state_id, task_key, status, input, output, error, started_at, finished_at)
   SELECT org_id, id, concat('task', n), status, '{"owner": "${OWN_WORD}"}', '["${OWN_WORD}"]', '{"cause": "${OWN_WORD}"}', '2025-02-01', '2025-02-02'
     FROM workflow.workflow_states, generate_series(0, 1) n WHERE org_id = $1`,
  `INSERT INTO iam.users (email, name, password_hash)
   SELECT concat(word, '@${OWN_WORD}.test'), 'A person', password_hash FROM iam.users, unnest('{former,paused}'::text[]) word
    WHERE email = 'member@${OWN_WORD}.test'`,
  `INSERT INTO iam.memberships (org_id, user_id, email, name, role, status, joined_at, left_at)
   SELECT $1, id, email, name, 'viewer', CASE WHEN email LIKE 'former%' THEN 'left' ELSE 'suspended' END::iam.membership_status,
          '2025-01-01', CASE WHEN email LIKE 'former%' THEN timestamptz '2025-02-01' END
     FROM iam.users WHERE email IN ('former@${OWN_WORD}.test', 'paused@${OWN_WORD}.test')`,
  `INSERT INTO iam.api_keys (org_id, user_id, name, description, type, prefix, fingerprint, secret_hash, scopes, status, revoked_at, expires_at, issued_by_id, made_by_key_id)
   SELECT k.org_id, k.user_id, concat('Former key ', n), 'Made by ${OWN_WORD}', 'service', 'tk_former', sha256(concat(k.id, n)::bytea), secret_hash, scopes,
          CASE n WHEN 1 THEN 'revoked' ELSE 'active' END::iam.api_key_status, CASE n WHEN 1 THEN timestamptz '2025-02-01' END, '2025-03-01', issued_by_id, k.id
     FROM iam.api_keys k, generate_series(1, 2) n WHERE k.org_id = $1 AND k.name = 'Key of viewer'`,
  `UPDATE iam.api_keys SET last_used_at = '2025-06-30' WHERE org_id = $1`,
  // In the month that it is for the proof.
  `INSERT INTO iam.api_key_usage (org_id, usage_id, period, used) SELECT DISTINCT org_id, usage_id, date '2025-07-01', 7 FROM iam.api_keys WHERE org_id = $1`,
  // The most that a key can be allowed: the proof asks more often than people do.
  `UPDATE iam.api_keys SET rate_limit_per_hour = 10000 WHERE org_id = $1`,
  `INSERT INTO iam.idempotency_keys (org_id, user_id, operation, key, request_hash, result)
   SELECT $1, user_id, 'createWorkflow', 'key-of-${OWN_WORD}', sha256('a request'), jsonb_build_object('workflowId', (SELECT id FROM workflow.workflows WHERE org_id = $1 AND slug = 'workflow-0'))
     FROM iam.memberships WHERE org_id = $1 AND role = 'owner'`,
  `INSERT INTO events.events (org_id, position, type, aggregate_type, aggregate_id, aggregate_version, data, metadata, tags,
                              actor_kind, actor_user_id, actor_membership_id, correlation_id, causation_id, source, ip, user_agent, created_at, hash)
   SELECT w.org_id, h.position + row_number() OVER (ORDER BY w.id), CASE w.slug WHEN '${NEVER_RUN}' THEN 'NOTE.WRITTEN' ELSE 'WORKFLOW.UPDATED' END,
          'workflow', w.id, 1000, '{"owner": "${OWN_WORD}"}', '{"by": "${OWN_WORD}"}',
          ARRAY['owner:${OWN_WORD}', 'workflow:made'], 'user', m.user_id, m.id, 'request-of-${OWN_WORD}', 'cause-of-${OWN_WORD}', 'api', '192.0.2.1', 'Browser of ${OWN_WORD}', '2025-01-01', sha256(w.id::text::bytea)
     FROM workflow.workflows w JOIN events.heads h USING (org_id) JOIN iam.memberships m ON m.org_id = w.org_id AND m.role = 'owner' WHERE w.org_id = $1`,
  `UPDATE events.heads SET position = (SELECT max(position) FROM events.events WHERE org_id = $1) WHERE org_id = $1`,
  `INSERT INTO events.event_tags (org_id, tag, position, type, created_at) SELECT org_id, tag, position, type, created_at FROM events.events, unnest(tags) tag WHERE org_id = $1 AND aggregate_version = 1000`,
  `INSERT INTO events.checkpoints (org_id, position, hash, key_id, signature, created_at)
   SELECT org_id, position, hash, '0123456789abcdef', hash || hash, '2025-01-01' FROM events.events WHERE org_id = $1`,
  `INSERT INTO events.archives (org_id, position, hash, checksum, bytes, key_id, signature, created_at)
   SELECT org_id, position, hash, hash, 1000, key_id, signature, created_at FROM events.checkpoints WHERE org_id = $1 AND position = 1`,
  `INSERT INTO events.archived_versions (org_id, aggregate_type, aggregate_id, version) SELECT org_id, 'Note', id, 7 FROM events.events WHERE org_id = $1`,
  `INSERT INTO events.processing_marks (org_id, consumer, position, failed_attempts, last_error) VALUES ($1, 'mail', 1, 1, 'No answer for ${OWN_WORD}')`,
];

/** Times that do not depend on when the proof is run: each table's rows a minute apart, in the order of their ids. */
const settledTimes = (table: Table): string[] => {
  const times = ['created_at', 'updated_at', 'joined_at'].filter((time) => table.columns.some(({ name }) => name === time));
  const at = `timestamptz '2025-01-01' + place * interval '1 minute'`;
  const hasId = table.columns.some(({ name }) => name === 'id');
  if (!hasId || times.length === 0) return [];
  return [
    `UPDATE ${table.name} t SET ${times.map((time) => `${time} = ${at}`).join(', ')}
       FROM (SELECT org_id, id, row_number() OVER (PARTITION BY org_id ORDER BY id) AS place FROM ${table.name}) placed
      WHERE (t.org_id, t.id) = (placed.org_id, placed.id) AND t.org_id = $1`,
  ];
};

/** Completes what the use cases made: an organization with rows in every state, at settled times. */
export async function enrich(client: pg.Client, tables: readonly Table[], orgUuid: string): Promise<void> {
  await client.query('BEGIN; SET LOCAL session_replication_role = replica');
  for (const sql of [...ENRICHMENT, ...tables.filter(isTenantTable).flatMap(settledTimes)]) {
    await client.query(sql, sql.includes('$1') ? [orgUuid] : []);
  }
  await client.query(`UPDATE iam.organizations SET created_at = '2025-01-01', updated_at = '2025-01-01' WHERE id = $1`, [orgUuid]);
  await client.query(`UPDATE iam.users SET created_at = '2025-01-01', updated_at = '2025-01-01'`);
  await client.query('COMMIT');
}

/** A time at which only the attacked organization has rows. */
export const FOREIGN_TIME = '2025-01-01T00:03:17.000Z';

/** What only the copy has: rows at a time of their own, a member in a state of its own, and a person of both. */
export async function setApart(client: pg.Client, orgUuid: string, foreignUuid: string): Promise<void> {
  const later = (table: string, condition: string): string => `UPDATE ${table} SET created_at = '${FOREIGN_TIME}', updated_at = '${FOREIGN_TIME}' WHERE org_id = $1 AND ${condition}`;
  await client.query('BEGIN; SET LOCAL session_replication_role = replica');
  for (const sql of [
    later('workflow.workflows', `slug = 'only-${FOREIGN_WORD}'`),
    later('iam.memberships', `email = 'paused@${FOREIGN_WORD}.test'`),
    later('iam.api_keys', `name = 'Former key 2'`),
    `UPDATE iam.memberships SET status = 'invited' WHERE org_id = $1 AND email = 'paused@${FOREIGN_WORD}.test'`,
  ]) {
    await client.query(sql, [foreignUuid]);
  }
  await client.query(
    `UPDATE iam.memberships SET user_id = (SELECT user_id FROM iam.memberships WHERE org_id = $1 AND email = $3)
      WHERE org_id = $2 AND email = replace($3, '${OWN_WORD}', '${FOREIGN_WORD}')`,
    [orgUuid, foreignUuid, PERSON_OF_BOTH],
  );
  await client.query('COMMIT');
}
