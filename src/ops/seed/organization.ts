import type pg from 'pg';
import { inTransaction } from '../../platform/postgres/client.ts';
import { copyRows, createStaging } from './copy.ts';
import { idOf } from './ids.ts';
import { type LookAlikeOrganization, workflowIdOf, workflowOf } from './look-alikes.ts';
import type { SeedOptions } from './options.ts';
import { SEED_TABLES } from './tables.ts';

/** What is stored of an API key. */
export interface StoredSeedKey {
  readonly prefix: string;
  readonly fingerprint: Buffer;
  readonly secretHash: string;
}

/** How API keys are made and stored. */
export interface SeedKeys {
  generate(): string;
  fingerprint(secret: string): Buffer;
  /** Takes tens of milliseconds. */
  store(secret: string): Promise<StoredSeedKey>;
}

/** One organization to be loaded, and who wants to know how far it is. */
export interface OrganizationLoad {
  readonly organization: LookAlikeOrganization;
  readonly options: Pick<SeedOptions, 'workflows' | 'tasks'>;
  readonly secret: string;
  readonly keys: SeedKeys;
  /** Told after each portion of workflows; may throw to have the organization undone. */
  readonly onWorkflows: (count: number, made: boolean) => void;
}

/** So many workflows are copied at a time: enough to be quick, few enough to stay small in memory. */
const PORTION = 2_000;

/**
 * Brings one organization to what is asked for, all of it or nothing. What is there already is kept; a complete
 * organization only costs a look. Needs the rights of the server and no more.
 */
export async function loadOrganization(client: pg.Client, load: OrganizationLoad): Promise<void> {
  const { id, slug } = load.organization;
  await inTransaction(client, async () => {
    await client.query(`SELECT set_config('app.current_org_id', $1, true), set_config('statement_timeout', '0', true)`, [id]);
    // Two seeds at a time share the work instead of making the same rows.
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended($1, 0))`, [`tenantry seed ${slug}`]);
    const { rowCount } = await client.query('SELECT FROM iam.organizations WHERE id = $1', [id]);
    if (rowCount === 0) await insertOrganization(client, load.organization);
    await ensureKey(client, load);
    await loadWorkflows(client, load);
  });
}

async function insertOrganization(client: pg.Client, organization: LookAlikeOrganization): Promise<void> {
  const { id, name, slug, engineNamespace, plan, createdAt, members } = organization;
  await client.query(
    `INSERT INTO iam.organizations (id, name, slug, engine_namespace, status, plan, created_at, updated_at)
     VALUES ($1, $2, $3, $4, 'active', $5, $6, $6)`,
    [id, name, slug, engineNamespace, plan, createdAt],
  );
  for (const member of members) {
    await client.query(
      `INSERT INTO iam.memberships (org_id, id, user_id, email, name, role, joined_at, created_at, updated_at)
       VALUES ($1, $2, iam.ensure_identity($3, $4), $3, $4, $5, $6, $6, $6)`,
      [id, member.id, member.email, member.name, member.role, createdAt],
    );
  }
}

/** Sees to it that the key works. When the file with the secrets was lost, the key it held is revoked for a new one. */
async function ensureKey(client: pg.Client, { organization, secret, keys }: OrganizationLoad): Promise<void> {
  const found = await client.query('SELECT FROM iam.find_api_key($1)', [keys.fingerprint(secret)]);
  if (found.rowCount !== 0) return;
  const { id: orgId, slug, createdAt, members } = organization;
  const name = 'Load test';
  await client.query(`UPDATE iam.api_keys SET status = 'revoked', revoked_at = now() WHERE org_id = $1 AND name = $2 AND status = 'active'`, [orgId, name]);
  const { prefix, fingerprint, secretHash } = await keys.store(secret);
  await client.query(
    `INSERT INTO iam.api_keys (org_id, id, user_id, name, type, prefix, fingerprint, secret_hash, scopes, rate_limit_per_hour, created_at, updated_at)
     SELECT $1, $2, user_id, $3, 'service', $4, $5, $6, '{*}', 10000, $7, $7 FROM iam.memberships WHERE org_id = $1 AND id = $8`,
    [orgId, idOf(`${slug} key ${prefix}`, createdAt), name, prefix, fingerprint, secretHash, createdAt, members[0]!.id],
  );
}

async function loadWorkflows(client: pg.Client, load: OrganizationLoad): Promise<void> {
  const { organization, options, onWorkflows } = load;
  const missing = await missingWorkflows(client, organization, options.workflows);
  onWorkflows(options.workflows - missing.length, false);
  if (missing.length === 0) return;
  for (const table of SEED_TABLES) await createStaging(client, table);
  for (let begin = 0; begin < missing.length; begin += PORTION) {
    const portion = missing.slice(begin, begin + PORTION);
    const workflows = portion.map((number) => workflowOf(organization, number, options.tasks));
    for (const table of SEED_TABLES) {
      await copyRows(client, table, organization.id, workflows.flatMap((workflow) => table.rowsOf(workflow, organization)));
    }
    onWorkflows(portion.length, true);
  }
}

/** The numbers of the workflows that are not there yet. */
async function missingWorkflows(client: pg.Client, organization: LookAlikeOrganization, workflows: number): Promise<number[]> {
  const wanted = Array.from({ length: workflows }, (_, index) => ({ number: index + 1, id: workflowIdOf(organization, index + 1) }));
  const ids = wanted.map(({ id }) => id);
  const { rows } = await client.query<{ id: string }>('SELECT id FROM workflow.workflows WHERE org_id = $1 AND id = ANY ($2)', [organization.id, ids]);
  const present = new Set(rows.map(({ id }) => id));
  return wanted.filter(({ id }) => !present.has(id)).map(({ number }) => number);
}
