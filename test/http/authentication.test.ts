import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { generateApiKey } from '../../src/domains/auth/index.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp } from '../harness/app.ts';
import { signIn } from '../harness/world.ts';
import { ask, bearer, codesOf, type Reply } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

let world: ServedWorld;

beforeAll(async () => {
  world = await serveWorld();
});
afterAll(() => world.close());

const WHO = '{ viewer { kind role organization { slug } } }';
const who = (headers: Record<string, string> = {}): Promise<Reply> => ask(world.url, WHO, {}, headers);

/** Changes rows behind the server's back; what is remembered hears of it by itself. */
const change = (sql: string, ...values: unknown[]) =>
  withClient(world.testApp.database.superuserUrl, (client) => client.query(sql, values));

/** Asks until the answer has this code, or none for null; the change has to arrive by itself. */
const becomes = async (headers: Record<string, string>, code: string | null): Promise<void> => {
  await expect
    .poll(async () => (await who(headers)).json.errors?.[0].extensions.code ?? null, { timeout: 20_000 })
    .toBe(code);
};

describe('a key that does not open the door', () => {
  test('none at all: nobody is signed in, and whatever needs somebody says so', async () => {
    expect((await who()).json).toEqual({ data: { viewer: null } });
    for (const field of [
      'organization { id }',
      'workflows { totalCount }',
      'members { totalCount }',
      'node(id: "x") { id }',
    ]) {
      expect(codesOf(await ask(world.url, `{ ${field} }`))).toEqual(['UNAUTHENTICATED']);
    }
  });

  test.each(['', 'Bearer', 'Bearer ', 'bearer'])(
    'the header %j presents nothing, as a form does before it is filled in',
    async (value) => {
      expect((await who({ authorization: value })).json).toEqual({ data: { viewer: null } });
    },
  );

  test('malformed, unknown, wrong and of another scheme: one answer, to the letter', async () => {
    const key = world.acme.keys.owner;
    const wrong = [
      'Bearer x',
      'Bearer tk_',
      `Bearer ${key.slice(0, -1)}`,
      `Bearer ${key}x`,
      `Bearer ${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`,
      `Bearer ${generateApiKey()}`,
      `Bearer ${key} ${key}`,
      `Bearer ${key.toUpperCase()}`,
      `Bearer ta_${'x'.repeat(43)}`,
      `Bearer tr_${'x'.repeat(43)}`,
      `Bearer ${'x'.repeat(5_000)}`,
      `Bearer ${key}\u00e9`,
      'Bearer null',
      'Bearer undefined',
      `Basic ${Buffer.from(`owner:${key}`).toString('base64')}`,
      `Token ${key}`,
      key,
      `Bearer,${key}`,
    ];
    const answers = new Set<string>();
    for (const authorization of wrong) {
      const reply = await who({ authorization });
      expect(codesOf(reply), authorization).toEqual(['UNAUTHENTICATED']);
      answers.add(reply.text);
    }
    expect([...answers]).toHaveLength(1);
    expect([...answers][0]).toContain('Not signed in, or the key or token is not valid');
  });

  test('the status says so too, to whoever accepts the GraphQL type', async () => {
    const accept = 'application/graphql-response+json';
    expect((await who({ accept, authorization: 'Bearer x' })).status).toBe(401);
    expect((await who({ accept: 'application/json', authorization: 'Bearer x' })).status).toBe(200);
    const foreign = { ...bearer(world.acme.keys.owner), 'x-organization-id': world.globex.orgUuid };
    expect((await who({ accept, ...foreign })).status).toBe(403);
  });

  test('the scheme is read in any case', async () => {
    expect((await who({ authorization: `bEARER ${world.acme.keys.viewer}` })).json.data.viewer.role).toBe('VIEWER');
  });

  test('expired', async () => {
    const headers = bearer(world.acme.keys.customer);
    await becomes(headers, null);
    await change(
      `UPDATE iam.api_keys SET expires_at = created_at + interval '1 ms'
        WHERE name = 'Key of customer' AND org_id = $1`,
      world.acme.orgUuid,
    );
    await becomes(headers, 'API_KEY_EXPIRED');
    await change(
      `UPDATE iam.api_keys SET expires_at = NULL WHERE name = 'Key of customer' AND org_id = $1`,
      world.acme.orgUuid,
    );
    await becomes(headers, null);
  });

  test('of a suspended person, a suspended member, and a suspended organization', async () => {
    const headers = bearer(world.globex.keys.member);
    const email = world.globex.email('member');
    const steps = [
      ['USER_NOT_ACTIVE', `UPDATE iam.users SET status = 'suspended' WHERE email = '${email}'`],
      [null, `UPDATE iam.users SET status = 'active' WHERE email = '${email}'`],
      ['USER_NOT_ACTIVE', `UPDATE iam.memberships SET status = 'suspended' WHERE email = '${email}'`],
      [null, `UPDATE iam.memberships SET status = 'active' WHERE email = '${email}'`],
      ['ORG_NOT_ACTIVE', `UPDATE iam.organizations SET status = 'suspended' WHERE slug = 'globex'`],
      [null, `UPDATE iam.organizations SET status = 'active' WHERE slug = 'globex'`],
    ] as const;
    await becomes(headers, null);
    for (const [code, sql] of steps) {
      await change(sql);
      await becomes(headers, code);
    }
  });
});

describe('who may not do something', () => {
  test('is told which permission is lacking, and the same whether the thing exists, is another organization\'s, or is none', async () => {
    const { workflowIds } = world.globex;
    const answers = [world.acme.workflowIds[0], workflowIds[0], 'wf_unknown'].map(async (id) => {
      const query = `mutation { deleteWorkflow(input: {id: "${id}"}) { __typename } }`;
      return (await ask(world.url, query, {}, bearer(world.acme.keys.member))).json.errors;
    });
    const text = 'You need the permission workflow:delete for this: ask for a role that has it, or for an API key with it among its scopes.';
    for (const [error, ...others] of await Promise.all(answers)) {
      expect(error).toMatchObject({ message: text, extensions: { code: 'FORBIDDEN', permission: 'workflow:delete' } });
      expect(others).toEqual([]);
    }
  });

  test('is told when only the operator may', async () => {
    const { json } = await ask(world.url, '{ platformTotals { organizationCount } }', {}, bearer(world.acme.keys.owner));
    const { message, extensions } = json.errors[0];
    expect([message, extensions.permission]).toEqual(['Only an administrator of the platform can do this.', 'platform:admin']);
  });
});

describe('a revoked key', () => {
  const make = async (): Promise<{ id: string; secret: string }> => {
    const name = `To be revoked ${Math.random()}`;
    const query = `mutation($name: String!) {
      createApiKey(input: {name: $name, scopes: ["*"]}) { ... on CreateApiKeySuccess { secret apiKey { id } } }
    }`;
    const { json } = await ask(world.url, query, { name }, bearer(world.acme.keys.owner));
    return { id: json.data.createApiKey.apiKey.id, secret: json.data.createApiKey.secret };
  };
  const revoke = async (id: string): Promise<void> => {
    const query = 'mutation($id: ID!) { revokeApiKey(input: {id: $id}) { __typename } }';
    const { json } = await ask(world.url, query, { id }, bearer(world.acme.keys.owner));
    expect(json.data.revokeApiKey.__typename).toBe('RevokeApiKeySuccess');
  };

  test('opens nothing at the very next request, however warm the cache is', async () => {
    const { id, secret } = await make();
    const unknown = await who(bearer(generateApiKey()));
    for (let request = 0; request < 5; request += 1)
      expect((await who(bearer(secret))).json.data.viewer.kind).toBe('API_KEY');
    await revoke(id);
    const revoked = await who(bearer(secret));
    expect(codesOf(revoked)).toEqual(['UNAUTHENTICATED']);
    expect(revoked.text).toBe(unknown.text);
  });

  test('opens nothing in another process either, as soon as that has heard of it', async () => {
    const other = await startTestApp({ database: world.testApp.database });
    try {
      const { id, secret } = await make();
      const ofOther = () => other.call(WHO, {}, { as: secret });
      for (let request = 0; request < 3; request += 1) expect((await ofOther()).data.viewer.kind).toBe('API_KEY');
      await revoke(id);
      // How long it takes is measured elsewhere; that it needs no look of its own is what matters here.
      await expect
        .poll(async () => (await ofOther()).errors?.[0]?.extensions.code, { interval: 20 })
        .toBe('UNAUTHENTICATED');
    } finally {
      await other.close();
    }
  });
});

describe('X-Organization-Id', () => {
  const email = 'both@two.test';
  const ORGANIZATIONS = '{ viewer { organizations { id slug role } } }';
  let token: string;
  beforeAll(async () => {
    const query = 'mutation($email: String!) { addMember(input: {email: $email, role: VIEWER}) { __typename } }';
    for (const { keys } of [world.acme, world.globex]) {
      await ask(world.url, query, { email }, bearer(keys.owner));
    }
    token = await signIn(world.testApp.app, email);
  });

  test('without it somebody of two organizations sees which there are, and is told what to send', async () => {
    const { json } = await ask(world.url, ORGANIZATIONS, {}, bearer(token));
    expect(json.data.viewer.organizations.map((organization: any) => organization.slug).sort()).toEqual([
      'acme',
      'globex',
    ]);
    const refused = await ask(world.url, '{ workflows { totalCount } }', {}, bearer(token));
    expect(codesOf(refused)).toEqual(['TENANT_CONTEXT_REQUIRED']);
    expect(refused.json.errors[0].message).toContain('X-Organization-Id');
  });

  test('chooses among them, by global id or UUID', async () => {
    for (const { organizationId, orgUuid } of [world.acme, world.globex]) {
      for (const chosen of [organizationId, orgUuid]) {
        const { json } = await ask(
          world.url,
          '{ organization { id } }',
          {},
          { ...bearer(token), 'x-organization-id': chosen },
        );
        expect(json).toEqual({ data: { organization: { id: organizationId } } });
      }
    }
  });

  test('chooses among them with a cookie as with a header', async () => {
    for (const { organizationId } of [world.acme, world.globex]) {
      const headers = { cookie: `tenantry_access=${token}`, 'x-organization-id': organizationId };
      const { json } = await ask(world.url, '{ organization { id } }', {}, headers);
      expect(json).toEqual({ data: { organization: { id: organizationId } } });
    }
  });

  test('any other is FORBIDDEN with one text, whether it exists or not', async () => {
    const third = await ask(
      world.url,
      `mutation {
        createOrganization(input: {name: "Third", adminEmail: "c@third.test"}) {
          ... on CreateOrganizationSuccess { organizationId }
        }
      }`,
      {},
      bearer(world.operator.token),
    );
    const exists: string = third.json.data.createOrganization.organizationId;
    const answers = new Set<string>();
    for (const named of [
      exists,
      'org_01h455vb4pex5vsknk084sn02q',
      '00000000-0000-0000-0000-000000000000',
      'x',
      "' OR 1=1",
      'x'.repeat(5_000),
    ]) {
      for (const credential of [token, world.acme.keys.owner]) {
        const reply = await who({ ...bearer(credential), 'x-organization-id': named });
        expect(codesOf(reply)).toEqual(['FORBIDDEN']);
        answers.add(reply.text);
      }
    }
    expect(answers.size).toBe(1);
  });

  test('a key stays in its own organization, which it may name', async () => {
    const headers = bearer(world.acme.keys.owner);
    expect(
      (await who({ ...headers, 'x-organization-id': world.acme.organizationId })).json.data.viewer.organization.slug,
    ).toBe('acme');
    expect(codesOf(await who({ ...headers, 'x-organization-id': world.globex.organizationId }))).toEqual(['FORBIDDEN']);
  });

  test('nobody needs none: it is not looked at', async () => {
    expect((await who({ 'x-organization-id': world.acme.organizationId })).json).toEqual({ data: { viewer: null } });
  });
});
