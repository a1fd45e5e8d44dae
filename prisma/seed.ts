import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { App } from '../src/compose.ts';
import { withClient } from '../src/platform/postgres/client.ts';
import { loadOrganization, setPassword, type DemoOrganization } from './demo/organizations.ts';

/** What a developer needs to try the server: kept in DATA_DIR/demo.json, readable by its owner only. */
export interface DemoData {
  readonly url: string;
  /** An administrator of the platform, who can create organizations. */
  readonly platform: { readonly email: string; readonly password: string };
  readonly organizations: readonly DemoOrganization[];
}

export interface DemoOptions {
  readonly app: App;
  /** The owner role's address: it appoints the administrator of the platform. */
  readonly ownerUrl: string;
  readonly dataDir: string;
  /** Where the GraphQL endpoint answers. */
  readonly url: string;
}

const ORGANIZATIONS = [
  { name: 'Acme Corporation', slug: 'acme' },
  { name: 'Globex Corporation', slug: 'globex' },
] as const;
const OPERATOR = 'operator@tenantry.example';

/**
 * Loads the demo organizations through the same use cases as any other, once: the file that is written last says that it
 * was done. A load that was cut short is carried on at the next start.
 */
export async function ensureDemoData({ app, ownerUrl, dataDir, url }: DemoOptions): Promise<DemoData> {
  const file = path.join(dataDir, 'demo.json');
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DemoData) : null;
  if (kept?.url === url) return kept;
  const demo = kept ? { ...kept, url } : await load(app, ownerUrl, url);
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return demo;
}

async function load(app: App, ownerUrl: string, url: string): Promise<DemoData> {
  const password = randomBytes(12).toString('base64url');
  const operatorId = await appointOperator(app, ownerUrl, password);
  const organizations: DemoOrganization[] = [];
  for (const { name, slug } of ORGANIZATIONS) organizations.push(await loadOrganization(app, operatorId, name, slug, password));
  return { url, platform: { email: OPERATOR, password }, organizations };
}

/** Makes the demo's administrator of the platform. Only the owner of the database can. */
async function appointOperator(app: App, ownerUrl: string, password: string): Promise<string> {
  const id = await app.preTenant.ensureIdentity(OPERATOR, 'Otto Operator');
  await withClient(ownerUrl, (client) => client.query("UPDATE iam.users SET system_role = 'super_admin' WHERE id = $1", [id]));
  await setPassword(app, OPERATOR, password);
  return id;
}
