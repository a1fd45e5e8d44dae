import pino from 'pino';
import { composeApp, type App } from '../../src/compose.ts';
import { readConfig } from '../../src/config/index.ts';
import { OPERATOR_PERMISSIONS } from '../../src/kernel/permissions.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startEmbedded } from '../../src/platform/postgres/embedded/index.ts';
import { prepareDatabase } from '../../src/platform/postgres/open-database.ts';
import { createScope, runInScope } from '../../src/platform/postgres/tenancy.ts';

/** An organization with keys whose secrets are known here alone. */
export interface KeyBench {
  readonly keys: readonly string[];
  /** A server that remembers nothing yet, without a socket. */
  open(): Promise<App>;
  stop(): Promise<void>;
}

/** Makes an organization with so many keys, on an embedded database in the directory. */
export async function openKeyBench(dataDir: string, count: number): Promise<KeyBench> {
  const { runtimeUrl, ownerUrl, stop } = await startEmbedded({ dataDir, log: (line) => console.error(line), purpose: 'bench' });
  await prepareDatabase({ runtimeUrl, ownerUrl, listenUrl: runtimeUrl, embedded: true, stop });
  const config = readConfig({ NODE_ENV: 'test', DATA_DIR: dataDir, SECRET_KEY: 'a secret of the benchmark, long enough', RATE_LIMITS: 'off' });
  const open = async (): Promise<App> => {
    const app = composeApp({ config, database: { runtimeUrl, listenUrl: runtimeUrl }, logger: pino({ level: 'silent' }) });
    await app.accessFeed.whenListening();
    return app;
  };
  const app = await open();
  try {
    return { keys: await makeKeys(app, ownerUrl, count), open, stop };
  } finally {
    await app.close();
  }
}

async function makeKeys(app: App, ownerUrl: string, count: number): Promise<string[]> {
  const userId = await app.preTenant.ensureIdentity('operator@bench.test', null);
  await withClient(ownerUrl, (client) => client.query(`UPDATE iam.users SET system_role = 'super_admin' WHERE id = $1`, [userId]));
  const operator = { kind: 'user', userId, systemRole: 'super_admin', credentialId: userId, tenant: null, permissions: new Set(OPERATOR_PERMISSIONS), rateLimitPerHour: null, memberships: [] } as const;
  const slug = `keys-${Date.now()}`;
  const made = await app.services.onboarding.createOrganization(app.serviceContext(operator), { name: slug, slug, adminEmail: 'owner@bench.test' });
  const owner = await app.services.auth.authenticate(made.secret!, null);
  const cx = app.serviceContext(owner);
  return runInScope(createScope({ orgId: made.organizationId, userId: owner.userId }), async () => {
    const keys: string[] = [];
    while (keys.length < count) keys.push((await app.services.apiKeys.create(cx, { name: `Key ${keys.length}`, scopes: ['*'] })).secret!);
    return keys;
  });
}
