import { createFingerprint, generateApiKey, prefixOf } from '../../src/domains/auth/index.ts';
import { organizationOf } from '../../src/ops/seed/look-alikes.ts';
import { loadOrganization, type SeedKeys } from '../../src/ops/seed/organization.ts';
import { hashSecret } from '../../src/platform/crypto/passwords.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import type { TestDatabase } from './database.ts';

/** The secret that a test app has unless it is told another one. */
const APP_SECRET = 'a secret for tests, long enough for the check';

const keysOf = (secretKey: string): SeedKeys => {
  const fingerprint = createFingerprint(secretKey);
  return {
    generate: generateApiKey,
    fingerprint,
    store: async (secret) => ({ prefix: prefixOf(secret), fingerprint: fingerprint(secret), secretHash: await hashSecret(secret, 'test') }),
  };
};

export interface SeededOrganization {
  /** The UUID. */
  readonly orgId: string;
  readonly slug: string;
  /** Of the owner. */
  readonly apiKey: string;
  readonly ownerEmail: string;
}

/** Without looking at foreign keys, which takes the superuser and half of the time. */
const asReplica = (superuserUrl: string): string => {
  const url = new URL(superuserUrl);
  url.searchParams.set('options', '-c session_replication_role=replica');
  return url.href;
};

/** Organizations of the seed with so many workflows each, quicker than through the use cases. */
export const seedOrganizations = async (
  database: TestDatabase,
  sizes: readonly { readonly workflows: number; readonly tasks: number }[],
): Promise<SeededOrganization[]> => {
  const keys = keysOf(APP_SECRET);
  const seeded: SeededOrganization[] = [];
  await withClient(asReplica(database.superuserUrl), async (client) => {
    for (const [index, options] of sizes.entries()) {
      const organization = organizationOf(index + 1);
      const apiKey = keys.generate();
      await loadOrganization(client, { organization, options, secret: apiKey, keys, onWorkflows: () => undefined });
      seeded.push({ orgId: organization.id, slug: organization.slug, apiKey, ownerEmail: organization.members[0]!.email });
    }
  });
  return seeded;
};
