import pg from 'pg';
import type { Step } from '../../src/platform/postgres/adapter/batch.ts';
import { encodeParameter } from '../../src/platform/postgres/adapter/types.ts';
import { inTransaction } from '../../src/platform/postgres/client.ts';
import type { TestApp } from './app.ts';

/** A statement as the server sent it, parameters and all, and the one before it that said for whom. */
export interface SentStatement {
  readonly scope: Step;
  readonly statement: Step;
}

/** The statements that `work` makes the app send outside of transactions. */
export const capture = async (testApp: TestApp, work: () => Promise<unknown>): Promise<SentStatement[]> => {
  const { pool } = testApp.app;
  const run = pool.run.bind(pool);
  const sent: SentStatement[] = [];
  pool.run = (steps) => {
    const [scope, statement] = steps;
    if (steps.length !== 2 || !scope || !statement) throw new Error('A batch was not a scope and a statement.');
    sent.push({ scope, statement });
    return run(steps);
  };
  try {
    await work();
    return sent;
  } finally {
    pool.run = run;
  }
};

/** A node of EXPLAIN's tree, as far as it is looked at. */
export interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Actual Rows'?: number;
  readonly 'Actual Loops'?: number;
  readonly 'Rows Removed by Filter'?: number;
  readonly 'Rows Removed by Index Recheck'?: number;
  readonly Plans?: readonly PlanNode[];
}

const literal = (value: unknown): string => {
  const encoded = encodeParameter(value);
  if (encoded === null) return 'NULL';
  return pg.escapeLiteral(typeof encoded === 'string' ? encoded : `\\x${encoded.toString('hex')}`);
};

const parameters = (values: readonly unknown[]): string => (values.length === 0 ? '' : `(${values.map(literal).join(', ')})`);

/** How PostgreSQL runs the statement for the server: as its role, in its tenant, by the generic plan; run once. */
export const explain = async (runtimeUrl: string, { scope, statement }: SentStatement): Promise<PlanNode> => {
  const options = '-c TimeZone=UTC -c DateStyle=ISO -c plan_cache_mode=force_generic_plan';
  const client = new pg.Client({ connectionString: runtimeUrl, options });
  await client.connect();
  try {
    return await inTransaction(client, async () => {
      await client.query({ text: scope.text, values: [...scope.values] });
      await client.query(`PREPARE explained AS ${statement.text}`);
      const explainText = `EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) EXECUTE explained ${parameters(statement.values)}`;
      const { rows } = await client.query<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(explainText);
      return rows[0]!['QUERY PLAN'][0].Plan;
    });
  } finally {
    await client.end();
  }
};

/** The node and everything below it. */
export const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];

/** The rows that a plan took from tables, those it threw away included. */
export const rowsRead = (plan: PlanNode): number =>
  nodesOf(plan)
    .filter((node) => node['Relation Name'] !== undefined)
    .reduce((sum, node) => {
      const each = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0) + (node['Rows Removed by Index Recheck'] ?? 0);
      return sum + each * (node['Actual Loops'] ?? 1);
    }, 0);
