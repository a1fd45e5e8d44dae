import { readConfig } from '../../src/config/index.ts';
import type { NewEvent } from '../../src/domains/events/index.ts';
import { runVerify } from '../../src/ops/audit/index.ts';
import { type KeyRing, openKeyRing, signLog } from '../../src/platform/chain/index.ts';
import { type EventWorld, openEventWorld } from '../events/world.ts';
import type { Tenant } from '../isolation/world.ts';

export const SECRET_KEY = 'a secret for tests, long enough for the check';

/** A world of events whose logs are signed and verified. */
export interface AuditWorld extends EventWorld {
  readonly keys: KeyRing;
  readonly environment: Record<string, string>;
  append(count: number, tenant?: Tenant, event?: Partial<NewEvent>): Promise<void>;
  sign(tenant?: Tenant, keys?: KeyRing): Promise<number>;
  /** What the command says, and with which code it ends. */
  verify(argv?: readonly string[], environment?: Record<string, string>): Promise<Verified>;
  /** Changes something as a superuser who has switched off whatever stands in the way. */
  tamper(text: string, ...values: unknown[]): Promise<void>;
}

export interface Verified {
  readonly isWhole: boolean;
  readonly text: string;
}

export async function openAuditWorld(): Promise<AuditWorld> {
  const world = await openEventWorld();
  const { database, as, store } = world;
  const environment = {
    NODE_ENV: 'test',
    SECRET_KEY,
    DATABASE_URL: database.runtimeUrl,
    MIGRATION_DATABASE_URL: database.ownerUrl,
  };
  const keys = openKeyRing(readConfig(environment));
  return {
    ...world,
    keys,
    environment,
    async append(count, tenant = world.a, event = {}) {
      const events = Array.from({ length: count }, (_, index) => ({
        type: 'NOTE.WRITTEN',
        data: { text: `Note ${index}`, price: 1.5, 'ünï "code"\u2028': null },
        tags: [`note:${index}`, 'notes'],
        ...event,
      }));
      await as(tenant, (cx) => store.append(cx, events));
    },
    async sign(tenant = world.a, ring = keys) {
      const signed = await as(tenant, ({ db }) => signLog({ db, keys: ring, now: () => new Date() }));
      return signed?.statement.position ?? 0;
    },
    async verify(argv = [], more = {}) {
      let text = '';
      const out = { write: (part: string) => ((text += part), true) };
      const progress = { isTTY: false, write: () => true } as unknown as NodeJS.WriteStream;
      const isWhole = await runVerify(argv, readConfig({ ...environment, ...more }), { out, progress });
      return { isWhole, text };
    },
    async tamper(text, ...values) {
      await world.sql(`DO $do$ BEGIN SET LOCAL session_replication_role = replica; ${literal(text, values)}; END $do$`);
    },
  };
}

/** A statement with its values written into it: a block takes none. */
function literal(text: string, values: readonly unknown[]): string {
  return text.replaceAll(/\$(\d+)\b/g, (_, number: string) => `'${String(values[Number(number) - 1]).replaceAll("'", "''")}'`);
}
