import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { startTestApp, type CallOptions, type GraphQLAnswer, type TestApp, type TestWalls } from '../../../harness/app.ts';
import { codesIn } from '../soak/turn.ts';
import { type Caller, makeTenants, type SoakTenant } from '../soak/tenants.ts';
import { createWitness, type Witness } from '../soak/witness.ts';

/** A few tenants in one process, and a look at everything that they are answered. */
export interface CacheWorld {
  readonly testApp: TestApp;
  readonly tenants: readonly SoakTenant[];
  readonly witness: Witness;
  /** Asks as somebody of a tenant; every row of the answer must be the tenant's. */
  ask(tenant: SoakTenant, caller: Caller, query: string, variables?: Record<string, unknown>): Promise<GraphQLAnswer>;
  /** The same, of a trusted document by its id. */
  askTrusted(tenant: SoakTenant, caller: Caller, document: string, variables?: Record<string, unknown>): Promise<GraphQLAnswer>;
  /** Reports when the codes of an answer are others than these. */
  expectCodes(where: string, answer: GraphQLAnswer, ...codes: readonly string[]): void;
  /** Says which check what is seen belongs to. */
  within(check: string): void;
  cases(): number;
  close(): Promise<void>;
}

const optionsOf = ({ token, organization }: Caller): CallOptions => ({
  as: token,
  ...(organization === undefined ? {} : { headers: { 'x-organization-id': organization } }),
});

async function callTrusted({ app }: TestApp, caller: Caller, documentId: string, variables: object): Promise<GraphQLAnswer> {
  const { as, headers } = optionsOf(caller);
  const response = await app.api.fetch('http://tenantry.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${as}`, ...headers },
    body: JSON.stringify({ documentId, variables }),
  });
  const { data, errors } = (await response.json()) as Pick<GraphQLAnswer, 'data' | 'errors'>;
  return { status: response.status, headers: response.headers, data, errors };
}

/** What an answer says, without what is different in every answer. */
export const said = ({ status, data, errors }: GraphQLAnswer): string =>
  JSON.stringify({ status, data, errors: errors?.map(({ message, path, extensions }) => ({ message, path, extensions })) });

const idOf = (document: string): string => `sha256:${createHash('sha256').update(document).digest('hex')}`;

/** @param trusted the documents that can be asked for by their ids. */
export async function startCacheWorld(tenantCount: number, walls: TestWalls = {}, trusted: readonly string[] = []): Promise<CacheWorld> {
  const directory = await mkdtemp(path.join(tmpdir(), 'documents-'));
  const manifest = path.join(directory, 'manifest.json');
  await writeFile(manifest, JSON.stringify(Object.fromEntries(trusted.map((document) => [idOf(document), document]))));
  const testApp = await startTestApp({ walls, environment: { TRUSTED_DOCUMENTS: manifest } });
  await rm(directory, { recursive: true });
  try {
    const tenants = await makeTenants(testApp, tenantCount, () => undefined);
    const witness = createWitness();
    let check = '';
    let cases = 0;
    const look = (tenant: SoakTenant, answer: GraphQLAnswer): GraphQLAnswer => {
      cases += 1;
      const { data, errors } = answer;
      witness.look(tenant, check, JSON.stringify({ data, errors }), { data, errors });
      return answer;
    };
    return {
      testApp,
      tenants,
      witness,
      ask: async (tenant, caller, query, variables = {}) => look(tenant, await testApp.call(query, variables, optionsOf(caller))),
      askTrusted: async (tenant, caller, document, variables = {}) =>
        look(tenant, await callTrusted(testApp, caller, idOf(document), variables)),
      expectCodes(where, { data, errors }, ...codes) {
        const found = codesIn({ data, errors });
        if (found.join() !== codes.join()) witness.report(check, `${where}: ${found.join() || 'no failure'} instead of ${codes.join() || 'none'}`);
      },
      within: (name) => void (check = name),
      cases: () => cases,
      close: () => testApp.close(),
    };
  } catch (error) {
    await testApp.close();
    throw error;
  }
}

/** The keys and sessions of a tenant that may do everything in it. */
export const ownerOf = ({ writers }: SoakTenant): Caller => {
  const [owner] = writers;
  if (owner === undefined) throw new Error('The tenant has no owner.');
  return owner;
};

/** The person who is in this tenant and its neighbour, with one token for both. */
export const walkerIn = ({ readers, organizationId }: SoakTenant): Caller => {
  const token = readers.at(-2)?.token;
  if (token === undefined) throw new Error('The tenant has no such person.');
  return { token, organization: organizationId };
};
