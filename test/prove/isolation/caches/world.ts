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

/** What an answer says, without what is different in every answer. */
export const said = ({ status, data, errors }: GraphQLAnswer): string =>
  JSON.stringify({ status, data, errors: errors?.map(({ message, path, extensions }) => ({ message, path, extensions })) });

export async function startCacheWorld(tenantCount: number, walls: TestWalls = {}): Promise<CacheWorld> {
  const testApp = await startTestApp({ walls });
  try {
    const tenants = await makeTenants(testApp, tenantCount, () => undefined);
    const witness = createWitness();
    let check = '';
    let cases = 0;
    return {
      testApp,
      tenants,
      witness,
      async ask(tenant, caller, query, variables = {}) {
        cases += 1;
        const answer = await testApp.call(query, variables, optionsOf(caller));
        const { data, errors } = answer;
        witness.look(tenant, check, JSON.stringify({ data, errors }), { data, errors });
        return answer;
      },
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
