import { withClient } from '../../src/platform/postgres/client.ts';
import { uuidOf } from '../../src/kernel/ids.ts';
import type { TestApp } from '../harness/app.ts';
import { signIn, type World } from '../harness/world.ts';

/** Organizations in other states than in use, and the owners as people. */
export interface PreparedOrganizations {
  readonly closedId: string;
  readonly failedId: string;
  /** Access tokens. */
  readonly closedOwnerToken: string;
  readonly ownerToken: string;
}

/** Makes them past the use cases where those would need an engine that fails; one member of `acme` is shut out. */
export async function prepareOrganizations(api: TestApp, { operator, acme }: { operator: string; acme: World }): Promise<PreparedOrganizations> {
  const found = async (slug: string): Promise<string> => {
    const input = `{name: "${slug}", slug: "${slug}", adminEmail: "owner@${slug}.test"}`;
    const query = `mutation { createOrganization(input: ${input}) { ... on CreateOrganizationSuccess { organizationId } } }`;
    const { data, errors } = await api.call(query, {}, { as: operator });
    if (errors) throw new Error(errors[0]?.message);
    return data.createOrganization.organizationId;
  };
  const closedId = await found('closed');
  const failedId = await found('failed');
  await withClient(api.database.superuserUrl, async (client) => {
    // Past the triggers: the key that comes with an organization is made by the provisioning that has failed.
    await client.query('SET session_replication_role = replica');
    await client.query("UPDATE iam.organizations SET status = 'inactive' WHERE id = $1", [uuidOf('Organization', closedId)]);
    await client.query("UPDATE iam.organizations SET status = 'provisioning_failed' WHERE id = $1", [uuidOf('Organization', failedId)]);
    for (const table of ['api_key_usage', 'api_keys']) await client.query(`DELETE FROM iam.${table} WHERE org_id = $1`, [uuidOf('Organization', failedId)]);
    await client.query("UPDATE iam.memberships SET status = 'suspended' WHERE id = $1", [uuidOf('Member', acme.members.customer)]);
  });
  return { closedId, failedId, closedOwnerToken: await signIn(api.app, 'owner@closed.test'), ownerToken: await signIn(api.app, acme.email('owner')) };
}
