import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { App } from '../src/compose.ts';
import type { CreatedOrganization } from '../src/domains/onboarding/index.ts';
import { ConflictError } from '../src/kernel/errors.ts';
import { withClient } from '../src/platform/postgres/client.ts';
import { type DemoOrganization, foundOrganization, loadOrganization, newPassword, setPassword } from './demo/organizations.ts';

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
 * was done. A load that was cut short is carried on at the next start, within a day.
 *
 * @returns null when the organizations are there, but were loaded elsewhere or too long ago: nothing is changed then.
 */
export async function ensureDemoData({ app, ownerUrl, dataDir, url }: DemoOptions): Promise<DemoData | null> {
  const file = demoFile(dataDir);
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as DemoData) : null;
  if (kept?.url === url) return kept;
  const demo = kept ? { ...kept, url } : await load(app, ownerUrl, url);
  if (demo === null) return null;
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, `${JSON.stringify(demo, null, 2)}\n`, { mode: 0o600 });
  renameSync(draft, file);
  return demo;
}

/** Where the keys and passwords of the demo are kept. */
export function demoFile(dataDir: string): string {
  return path.join(dataDir, 'demo.json');
}

async function load(app: App, ownerUrl: string, url: string): Promise<DemoData | null> {
  const operatorId = await appointOperator(app, ownerUrl);
  const founded = await foundAll(app, operatorId);
  if (founded === null) return null;
  const organizations: DemoOrganization[] = [];
  for (const [index, made] of founded.entries()) organizations.push(await loadOrganization(app, ORGANIZATIONS[index]!, made));
  const password = newPassword();
  await setPassword(app, OPERATOR, password);
  return { url, platform: { email: OPERATOR, password }, organizations };
}

/** All of them before anybody gets a new password: those of an earlier load that somebody still has must go on working. */
async function foundAll(app: App, operatorId: string): Promise<CreatedOrganization[] | null> {
  const founded: CreatedOrganization[] = [];
  try {
    for (const organization of ORGANIZATIONS) founded.push(await foundOrganization(app, operatorId, organization));
    return founded;
  } catch (error) {
    if (error instanceof ConflictError) return null;
    throw error;
  }
}

/** Makes the demo's administrator of the platform. Only the owner of the database can. */
async function appointOperator(app: App, ownerUrl: string): Promise<string> {
  const id = await app.preTenant.ensureIdentity(OPERATOR, 'Otto Operator');
  await withClient(ownerUrl, (client) => client.query("UPDATE iam.users SET system_role = 'super_admin' WHERE id = $1", [id]));
  return id;
}
