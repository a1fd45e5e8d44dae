import pg from 'pg';
import type { Step } from '../../src/platform/postgres/adapter/batch.ts';
import { encodeParameter } from '../../src/platform/postgres/adapter/types.ts';
import type { PlanNode, SentStatement } from './plans.ts';

/** A statement that ran, and how: one that was sent, or one inside a function that it called. */
export interface RunPlan {
  readonly text: string;
  readonly plan: PlanNode;
}

/** auto_explain tells of every statement, those within functions too; its settings are a superuser's. */
const PREPARE = `
  LOAD 'auto_explain';
  SET auto_explain.log_min_duration = 0;
  SET auto_explain.log_nested_statements = on;
  SET auto_explain.log_analyze = on;
  SET auto_explain.log_timing = off;
  SET auto_explain.log_format = json;
  SET auto_explain.log_level = notice;
  SET client_min_messages = notice;
  SET TimeZone = 'UTC';
  SET plan_cache_mode = force_generic_plan;
  SET ROLE tenantry_runtime`;

/**
 * How PostgreSQL runs a statement and all statements of the functions that it calls, as the server's role, in the
 * statement's tenant, by the generic plan.
 *
 * @param before how often it runs on the same connection before it is looked at: plans are made at the first time.
 */
export const explainNested = (superuserUrl: string, { scope, statement }: SentStatement, { before = 0 } = {}): Promise<RunPlan[]> =>
  explained(superuserUrl, async (client, listen) => {
    const run = () => runSteps(client, [scope, statement], 'COMMIT');
    for (let time = 0; time < before; time += 1) await run();
    listen();
    await run();
  });

/** The same of all statements of a transaction, one after the other. Nothing of it is kept. */
export const explainTransaction = (superuserUrl: string, steps: readonly Step[]): Promise<RunPlan[]> =>
  explained(superuserUrl, async (client, listen) => {
    listen();
    await runSteps(client, steps, 'ROLLBACK');
  });

async function runSteps(client: pg.Client, steps: readonly Step[], end: 'COMMIT' | 'ROLLBACK'): Promise<void> {
  await client.query('BEGIN');
  for (const { text, values } of steps) await client.query(text, values.map(encodeParameter));
  await client.query(end);
}

/** @param work is given what makes the plans of all that runs from then on be kept. */
async function explained(superuserUrl: string, work: (client: pg.Client, listen: () => void) => Promise<void>): Promise<RunPlan[]> {
  const client = new pg.Client({ connectionString: superuserUrl });
  const plans: RunPlan[] = [];
  await client.connect();
  try {
    await client.query(PREPARE);
    await work(client, () => {
      client.on('notice', ({ message = '' }) => {
        const json = /plan:\s*(\{[^]*\})/.exec(message)?.[1];
        if (json === undefined) return;
        const { 'Query Text': text, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: PlanNode };
        plans.push({ text, plan });
      });
    });
    return plans;
  } finally {
    await client.end();
  }
}
