import { readFileSync } from 'node:fs';
import path from 'node:path';
import { GraphQLError } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { AppendConditionFailedError } from '../../src/domains/events/index.ts';
import { ProvisioningFailedError } from '../../src/domains/onboarding/index.ts';
import { toPublicError } from '../../src/http/public-errors.ts';
import { RateLimitedError, OutcomeUnknownError, ServiceUnavailableError } from '../../src/kernel/errors.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { appointOperator, definition, seedWorld, signIn, type World } from '../harness/world.ts';

const project = path.resolve(import.meta.dirname, '../..');
const guide = readFileSync(path.join(project, 'docs/errors.md'), 'utf8');

/** The section of each code, by its heading. */
const sections = new Map(
  guide.split(/^### /m).slice(1).map((section) => [section.split('\n', 1)[0] ?? '', section.split(/^## /m)[0] ?? ''] as const),
);

const reserved = ['PLAN_LIMIT_EXCEEDED', 'STEP_UP_REQUIRED'];

const codesOfTheKernel = (): string[] => {
  const source = readFileSync(path.join(project, 'src/kernel/errors.ts'), 'utf8');
  const union = /export type ErrorCode =([^;]+);/.exec(source)?.[1] ?? '';
  return [...union.matchAll(/'([A-Z_]+)'/g)].map(([, code]) => code as string);
};

const part = (code: string, name: 'When' | 'Example' | 'What to do') =>
  new RegExp(`^- \\*\\*${name}:\\*\\* (.+)$`, 'm').exec(sections.get(code) ?? '')?.[1];

test('every code that the server can give is explained, and no other', () => {
  expect([...sections.keys()].sort()).toEqual(codesOfTheKernel().sort());
  for (const code of sections.keys()) {
    expect(part(code, 'When'), `${code}: when`).toBeTruthy();
    expect(part(code, 'What to do'), `${code}: what to do`).toBeTruthy();
    if (!reserved.includes(code)) expect(part(code, 'Example'), `${code}: example`).toBeTruthy();
  }
});

describe('each example is what the server says', () => {
  let api: TestApp;
  let world: World;
  let operator: string;

  beforeAll(async () => {
    api = await startTestApp();
    const { userId, token } = await appointOperator(api);
    operator = token;
    world = await seedWorld(api, 'documented', userId);
  });
  afterAll(() => api.close());

  const sql = (text: string, ...values: unknown[]) =>
    withClient(api.database.superuserUrl, (client) => client.query(text, values));
  const ask = async (query: string, as?: string, headers: Record<string, string> = {}) => {
    const { errors = [] } = await api.call(query, {}, { as, headers });
    return errors[0];
  };
  const send = async (body: string, type = 'application/json') => {
    const headers = { 'content-type': type, authorization: `Bearer ${world.keys.owner}` };
    const response = await api.app.api.fetch('http://tenantry.test/graphql', { method: 'POST', headers, body });
    const { errors } = (await response.json()) as { errors: { message: string; extensions: { code: string } }[] };
    return errors[0];
  };
  const mutate = async (mutation: string, as: string, input: object) => {
    const query = `mutation ($input: ${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input!) {
      ${mutation}(input: $input) { ... on Error { code message } } }`;
    const { data } = await api.call(query, { input }, { as });
    return { message: data[mutation].message, extensions: { code: data[mutation].code } };
  };
  const shown = (error: Error) => toPublicError(new GraphQLError('', { originalError: error }), '...').error;

  const provoked: Readonly<Record<string, () => Promise<unknown>>> = {
    UNAUTHENTICATED: () => ask('{ workflows { totalCount } }'),
    API_KEY_EXPIRED: async () => {
      await sql("UPDATE iam.api_keys SET expires_at = now() - interval '1 day' WHERE name = 'Key of viewer'");
      return ask('{ viewer { kind } }', world.keys.viewer);
    },
    USER_NOT_ACTIVE: async () => {
      await sql("UPDATE iam.memberships SET status = 'suspended' WHERE role = 'customer'");
      return ask('{ viewer { kind } }', world.keys.customer);
    },
    TENANT_CONTEXT_REQUIRED: () => ask('{ workflows { totalCount } }', operator),
    FORBIDDEN: () => ask('mutation { deleteWorkflow(input: { id: "x" }) { __typename } }', world.keys.member),
    NOT_FOUND: () => ask('{ workflow(id: "wf_unknown") { name } }', world.keys.owner),
    VALIDATION_FAILED: () => ask('{ workflows(first: 0) { totalCount } }', world.keys.owner),
    CONFLICT: () =>
      mutate('createWorkflow', world.keys.owner, { name: 'Again', slug: 'workflow-0', definition: definition('again') }),
    BAD_REQUEST: () => send('a=b', 'text/plain'),
    GRAPHQL_PARSE_FAILED: () => ask('{ workflows( { totalCount } }', world.keys.owner),
    GRAPHQL_VALIDATION_FAILED: () => ask('{ nothing }', world.keys.owner),
    REQUEST_ENTITY_TOO_LARGE: () => send(JSON.stringify({ query: `{ viewer { kind } } #${'x'.repeat(100_000)}` })),
    PERSISTED_DOCUMENT_NOT_FOUND: () => send(JSON.stringify({ documentId: `sha256:${'0'.repeat(64)}` })),
    DOCUMENT_NOT_TRUSTED: async () => {
      const manifest = path.join(project, 'src/sdk/generated/persisted-documents.json');
      const environment = { DOCUMENTS: 'trusted', TRUSTED_DOCUMENTS: manifest };
      const trusting = await startTestApp({ database: api.database, environment });
      const { errors = [] } = await trusting.call('{ __typename }');
      await trusting.close();
      return errors[0];
    },
    QUERY_TOO_COMPLEX: () => ask('{ workflows(first: 100) { edges { node { tasks(first: 100) { edges { node { key } } } } } } }', world.keys.owner),
    SECOND_FACTOR_REQUIRED: async () => {
      const require = (is: boolean) => sql('UPDATE iam.organizations SET require_second_factor = $2 WHERE id = $1', world.orgUuid, is);
      const session = await signIn(api.app, world.email('member'));
      await require(true);
      api.app.services.auth.forgetAll();
      const refusal = await ask('{ viewer { kind } }', session, { 'x-organization-id': world.organizationId });
      await require(false);
      return refusal;
    },
    PROVISIONING_FAILED: async () => shown(new ProvisioningFailedError(world.orgUuid)),
    APPEND_CONDITION_FAILED: async () => shown(new AppendConditionFailedError(12)),
    RATE_LIMITED: async () => shown(new RateLimitedError('This API key may ask for 3,600 root fields an hour', 1_519_500)),
    SERVICE_UNAVAILABLE: async () => shown(new ServiceUnavailableError()),
    OUTCOME_UNKNOWN: async () => shown(new OutcomeUnknownError()),
    INTERNAL: async () => shown(new Error('inside')),
    // Last: these close the organization.
    INVALID_TRANSITION: async () => {
      await mutate('suspendOrganization', operator, { id: world.organizationId }).catch(() => undefined);
      return mutate('suspendOrganization', operator, { id: world.organizationId });
    },
    ORG_NOT_ACTIVE: () => ask('{ viewer { kind } }', world.keys.owner),
  };

  test('one is provoked for every code that is not reserved', () => {
    expect([...Object.keys(provoked), ...reserved].sort()).toEqual(codesOfTheKernel().sort());
  });

  test.each(Object.keys(provoked))('%s', async (code) => {
    const failure = (await provoked[code]!()) as { message: string; extensions: { code: string } };
    expect(failure.extensions.code).toBe(code);
    // A text that ends with an id of its own is shown with dots in the guide.
    expect(`\`${failure.message.replace(/\.\.\.\.$/, '...')}\``).toBe(part(code, 'Example'));
  });
});
