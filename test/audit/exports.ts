import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { get, type IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkFile } from '../../src/platform/chain/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';
import { bearer, type Reply, send, type SendOptions } from '../http/door.ts';
import { type ServedWorld, serveWorld } from '../http/world.ts';
import type { World } from '../harness/world.ts';

/** What the verifier says of a file. */
type Check = NonNullable<Awaited<ReturnType<typeof checkFile>>>['check'];

/** A line of an export. */
export type Parsed = Record<'begin' | 'event' | 'signed' | 'end', any> & { readonly hash?: string };

export const linesOf = ({ text }: { text: string }): Parsed[] =>
  text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Parsed);

export const eventsOf = (reply: { text: string }) => linesOf(reply).flatMap(({ event }) => event ?? []);

/** A server whose logs are taken, and the verifier. */
export interface ExportWorld {
  readonly world: ServedWorld;
  readonly origin: string;
  /** For files of the test. */
  readonly directory: string;
  /** Past all walls, as the superuser. */
  sql(text: string, ...values: unknown[]): Promise<Record<string, any>[]>;
  /** Appends as an application does; answers the last position. */
  append(organization: World, count: number, note?: string): Promise<number>;
  /** Takes an export whole; Acme's owner does unless told. */
  take(query?: string, headers?: Record<string, string>, options?: SendOptions): Promise<Reply>;
  /** Begins an export and takes nothing of it yet. */
  open(query: string, headers?: Record<string, string>): Promise<IncomingMessage>;
  /** What the verifier says of a text as a file; null when it is none. */
  judge(text: string): Promise<Check | null>;
  verify(text: string): Promise<Check>;
  close(): Promise<void>;
}

export async function openExports(): Promise<ExportWorld> {
  const world = await serveWorld();
  const origin = new URL(world.url).origin;
  const directory = mkdtempSync(path.join(tmpdir(), 'tenantry-export-'));
  const owner = bearer(world.acme.keys.owner);
  const append: ExportWorld['append'] = async ({ orgUuid }, count, note = 'A note') => {
    const { app } = world.testApp;
    const events = Array.from({ length: count }, (_, index) => ({ type: 'NOTE.WRITTEN', data: { index, note }, tags: ['notes'] }));
    const appended = await runInScope(createScope({ orgId: orgUuid, userId: null }), () => app.events.append({ db: app.db, principal: null }, events));
    return appended.position;
  };
  const judge: ExportWorld['judge'] = async (text) => {
    const file = path.join(directory, 'export.jsonl');
    writeFileSync(file, text);
    return (await checkFile(file, world.testApp.app.signedLog.keyRing))?.check ?? null;
  };
  await append(world.acme, 5);
  return {
    world,
    origin,
    directory,
    append,
    judge,
    sql: (text, ...values) => withClient(world.testApp.database.superuserUrl, async (client) => (await client.query(text, values)).rows as Record<string, any>[]),
    take: (query = '', headers = owner, options = {}) => send(`${origin}/events/export${query}`, { method: 'GET', headers, ...options }),
    async open(query, headers = owner) {
      const [response] = (await once(get(`${origin}/events/export${query}`, { headers, agent: false }), 'response')) as [IncomingMessage];
      return response;
    },
    verify: async (text) => (await judge(text))!,
    async close() {
      rmSync(directory, { recursive: true });
      await world.close();
    },
  };
}
