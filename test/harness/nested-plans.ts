import pg from 'pg';
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
  SET plan_cache_mode = force_generic_plan;
  SET ROLE tenantry_runtime`;

/**
 * How PostgreSQL runs a statement and all statements of the functions that it calls, as the server's role, in the
 * statement's tenant, by the generic plan.
 *
 * @param before how often it runs on the same connection before it is looked at: plans are made at the first time.
 */
export const explainNested = async (
  superuserUrl: string,
  { scope, statement }: SentStatement,
  { before = 0 } = {},
): Promise<RunPlan[]> => {
  const client = new pg.Client({ connectionString: superuserUrl });
  const plans: RunPlan[] = [];
  await client.connect();
  try {
    await client.query(PREPARE);
    const run = async (): Promise<void> => {
      await client.query('BEGIN');
      await client.query(scope.text, [...scope.values]);
      await client.query(statement.text, [...statement.values]);
      await client.query('COMMIT');
    };
    for (let time = 0; time < before; time += 1) await run();
    client.on('notice', ({ message = '' }) => {
      const json = /plan:\s*(\{[^]*\})/.exec(message)?.[1];
      if (json === undefined) return;
      const { 'Query Text': text, Plan: plan } = JSON.parse(json) as { 'Query Text': string; Plan: PlanNode };
      plans.push({ text, plan });
    });
    await run();
    return plans;
  } finally {
    await client.end();
  }
};
