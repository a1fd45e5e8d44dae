import { TenantContextError, TenantViolationError } from '../../../../src/kernel/errors.ts';
import { withClient } from '../../../../src/platform/postgres/client.ts';
import { type ScopedModel, scopedModels } from '../../../../src/platform/postgres/models.ts';
import { createScope, runInScope } from '../../../../src/platform/postgres/tenancy.ts';
import type { TestApp } from '../../../harness/app.ts';
import type { Leak } from '../part.ts';
import type { SoakTenant } from '../soak/tenants.ts';

/** What a check did and found. */
export interface Checked {
  readonly cases: number;
  readonly leaks: readonly Leak[];
}

type Row = Readonly<Record<string, unknown>>;
type Delegate = Readonly<Record<string, (args: object) => Promise<unknown>>>;

/** The calls of one model, whichever it is. */
const delegateOf = (client: object, { name }: ScopedModel): Delegate =>
  (client as Readonly<Record<string, Delegate>>)[name.charAt(0).toLowerCase() + name.slice(1)] ?? {};

const models = [...scopedModels.values()];
const ofOrganizations = models.filter(({ kind }) => kind === 'organization');

const attempts: Readonly<Record<string, object>> = {
  findMany: {},
  findFirst: {},
  count: {},
  updateMany: { data: {} },
  deleteMany: {},
  create: { data: {} },
};

const failureOf = (work: () => Promise<unknown>): Promise<unknown> =>
  Promise.resolve()
    .then(work)
    .then(
      () => undefined,
      (error: unknown) => error,
    );

const scopeOf = ({ orgId }: SoakTenant) => createScope({ orgId, userId: null });

/** Work that no tenant was given to: every call of every model is refused, and nothing leaves the process. */
export async function withoutTenant({ app, statementsOf }: TestApp): Promise<Checked> {
  const leaks: Leak[] = [];
  const nobody = createScope({ orgId: null, userId: null });
  const contexts: Readonly<Record<string, (work: () => Promise<unknown>) => Promise<unknown>>> = {
    'no scope': (work) => work(),
    'a scope without a tenant': (work) => runInScope(nobody, work),
    'a scope that was lost on the way': (work) => new Promise((resolve, reject) => void setTimeout(() => void work().then(resolve, reject))),
  };
  let cases = 0;
  const { statements } = await statementsOf(async () => {
    for (const model of models) {
      for (const [operation, args] of Object.entries(attempts)) {
        for (const [context, run] of Object.entries(contexts)) {
          cases += 1;
          const error = await failureOf(() => run(async () => delegateOf(app.db, model)[operation]?.(args)));
          if (!(error instanceof TenantContextError)) leaks.push({ where: `${model.name}.${operation}`, what: `was not refused with ${context}` });
        }
      }
    }
  });
  if (statements.length > 0) leaks.push({ where: 'work without a tenant', what: `sent ${statements.length} statements` });
  return { cases, leaks };
}

/** The database by itself: a statement without the setting fails, on connections that others have used. */
export async function databaseWithoutTenant({ app, database }: TestApp, [tenant]: readonly SoakTenant[]): Promise<Checked> {
  const leaks: Leak[] = [];
  const tables = await withClient(database.superuserUrl, async (client) => {
    const { rows } = await client.query<{ name: string }>(
      `SELECT format('%I.%I', table_schema, table_name) AS name FROM information_schema.columns
       JOIN information_schema.tables USING (table_schema, table_name)
       WHERE column_name = 'org_id' AND table_type = 'BASE TABLE' AND table_schema IN ('events', 'iam', 'workflow')`,
    );
    const filled: string[] = [];
    // What has no rows is not asked whose they are.
    for (const { name } of rows) if ((await client.query(`SELECT FROM ${name} LIMIT 1`)).rowCount) filled.push(name);
    return filled;
  });
  for (const table of tables) {
    if (tenant !== undefined) await runInScope(scopeOf(tenant), () => app.db.workflow.count());
    const error = await failureOf(() => app.pool.run([{ text: `SELECT org_id FROM ${table}`, values: [] }]));
    if (error === undefined) leaks.push({ where: table, what: 'was read by a statement without a tenant' });
  }
  return { cases: tables.length, leaks };
}

/** A transaction of one tenant in which work of another turns up: refused, whatever it asks for. */
export async function nestedTransactions({ app }: TestApp, [a, b]: readonly SoakTenant[]): Promise<Checked> {
  if (a === undefined || b === undefined) return { cases: 0, leaks: [] };
  const leaks: Leak[] = [];
  let cases = 0;
  const expectRefused = (where: string, error: unknown): void => {
    cases += 1;
    if (!(error instanceof TenantViolationError)) leaks.push({ where, what: 'was done in a transaction of another tenant' });
  };
  for (const model of ofOrganizations) {
    await runInScope(scopeOf(a), () =>
      app.db.$transaction(async (tx) => {
        const inner = (work: () => Promise<unknown>) => failureOf(() => runInScope(scopeOf(b), work));
        expectRefused(`${model.name} in a transaction`, await inner(async () => delegateOf(tx, model)['findMany']?.({})));
        expectRefused(
          `${model.name} in a nested transaction`,
          await inner(() => tx.$transaction(async (nested) => delegateOf(nested, model)['findMany']?.({}))),
        );
        // After an inner one that failed, the outer one is still its own tenant's.
        await failureOf(() => tx.$transaction((nested) => nested.$queryRaw`SELECT 1 / 0`));
        const rows = (await delegateOf(tx, model)['findMany']?.({ take: 5 })) as Row[];
        if (rows.some((row) => row[model.field] !== a.orgId)) leaks.push({ where: model.name, what: 'a foreign row after a nested failure' });
      }),
    );
  }
  return { cases, leaks };
}

/** Every model, read for every tenant in one tick, alone and in transactions that run side by side. */
export async function inParallel({ app }: TestApp, tenants: readonly SoakTenant[], rounds: number): Promise<Checked> {
  const leaks: Leak[] = [];
  let cases = 0;
  const look = (tenant: SoakTenant, model: ScopedModel, rows: unknown): void => {
    cases += 1;
    const foreign = (rows as Row[]).some((row) => row[model.field] !== tenant.orgId);
    if (foreign && leaks.length < 20) leaks.push({ where: `${model.name} in parallel`, what: `${tenant.marker} was given a foreign row` });
  };
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      tenants.flatMap((tenant) => [
        ...ofOrganizations.map((model) =>
          runInScope(scopeOf(tenant), async () => look(tenant, model, await delegateOf(app.db, model)['findMany']?.({ take: 20 }))),
        ),
        runInScope(scopeOf(tenant), () =>
          app.db.$transaction(async (tx) => {
            for (const model of ofOrganizations) look(tenant, model, await delegateOf(tx, model)['findMany']?.({ take: 20 }));
          }),
        ),
      ]),
    );
  }
  return { cases, leaks };
}
