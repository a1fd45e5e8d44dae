import { uuidOf } from '../../src/kernel/ids.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type GraphQLAnswer, type TestApp, type TestAppOptions } from '../harness/app.ts';
import { mutationQuery } from '../harness/mutation-calls.ts';
import { appointOperator, seedWorld, type World } from '../harness/world.ts';

/** An event as it lies in the table, read past all walls. */
export interface LoggedEvent {
  readonly orgId: string;
  readonly position: number;
  readonly type: string;
  readonly data: any;
  readonly tags: readonly string[];
  readonly aggregate: string | null;
  readonly actor: { readonly kind: string; readonly userId: string | null; readonly membershipId: string | null; readonly credentialId: string | null };
  readonly correlationId: string | null;
  readonly source: string;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** The transaction that wrote it. */
  readonly transaction: string;
}

/** A server with an organization and an operator of the platform, and a look at all logs. */
export interface TrailWorld {
  readonly api: TestApp;
  readonly acme: World;
  readonly operator: { readonly userId: string; readonly token: string };
  /** Past all walls, as the superuser. */
  sql(text: string, ...values: unknown[]): Promise<Record<string, any>[]>;
  /** The events of all organizations that `work` left. */
  eventsOf<Result>(work: () => Promise<Result>): Promise<{ result: Result; events: LoggedEvent[] }>;
  mutate(mutation: string, input: object | null, as: string | undefined, headers?: Record<string, string>): Promise<GraphQLAnswer>;
  close(): Promise<void>;
}

export async function openTrailWorld(options: TestAppOptions = {}): Promise<TrailWorld> {
  const api = await startTestApp(options);
  const operator = await appointOperator(api);
  const acme = await seedWorld(api, 'acme', operator.userId);
  const sql: TrailWorld['sql'] = (text, ...values) =>
    withClient(api.database.superuserUrl, async (client) => (await client.query<Record<string, any>>(text, values)).rows);
  return {
    api,
    acme,
    operator,
    sql,
    async eventsOf(work) {
      const before = new Map((await sql('SELECT org_id, position FROM events.heads')).map((head) => [head['org_id'], Number(head['position'])]));
      const result = await work();
      const rows = await sql('SELECT *, xmin::text AS transaction, host(ip) AS host FROM events.events ORDER BY org_id, position');
      return { result, events: rows.filter((row) => Number(row['position']) > (before.get(row['org_id']) ?? 0)).map(toEvent) };
    },
    async mutate(mutation, input, as, headers = {}) {
      return api.call(mutationQuery(mutation, input), { input }, { as, headers });
    },
    close: () => api.close(),
  };
}

function toEvent(row: Record<string, any>): LoggedEvent {
  return {
    orgId: row['org_id'],
    position: Number(row['position']),
    type: row['type'],
    data: row['data'],
    tags: row['tags'],
    aggregate: row['aggregate_type'] && `${row['aggregate_type']}:${row['aggregate_id']}`,
    actor: { kind: row['actor_kind'], userId: row['actor_user_id'], membershipId: row['actor_membership_id'], credentialId: row['actor_credential_id'] },
    correlationId: row['correlation_id'],
    source: row['source'],
    ip: row['host'],
    userAgent: row['user_agent'],
    transaction: row['transaction'],
  };
}

export const typesOf = (events: readonly LoggedEvent[]): string[] => events.map(({ type }) => type);

/** The UUID of a member of a world. */
export const memberUuid = (world: World, role: keyof World['members']): string => uuidOf('Member', world.members[role])!;
