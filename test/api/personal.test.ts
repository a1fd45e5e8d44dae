import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { OUTSIDE_ORGANIZATIONS } from '../../src/graphql/sessions/outside.ts';
import { ORGANIZATION_ROLES } from '../../src/kernel/permissions.ts';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { PERSONAL_CALLS } from '../harness/personal-calls.ts';
import { appointOperator, seedWorld, signIn } from '../harness/world.ts';

// What deals with the caller's own person asks for no role: whoever is signed in may, whoever is not may not, and a key
// is no person.

let api: TestApp;
beforeAll(async () => {
  api = await startTestApp();
});
afterAll(() => api?.close());

test('every mutation that belongs to no organization is in the table', () => {
  expect(Object.keys(PERSONAL_CALLS).sort()).toEqual(Object.keys(OUTSIDE_ORGANIZATIONS).sort());
});

async function outcome(mutation: string, input: Record<string, unknown> | null, as: string | undefined): Promise<string> {
  const asked = '{ __typename ... on Error { code } }';
  const type = `${mutation[0]!.toUpperCase()}${mutation.slice(1)}Input`;
  const query = input === null ? `mutation { ${mutation} ${asked} }` : `mutation ($input: ${type}!) { ${mutation}(input: $input) ${asked} }`;
  const { data, errors } = await api.call(query, input === null ? {} : { input }, { as });
  return errors ? errors[0]!.extensions.code : (data[mutation].code ?? 'done');
}

describe('role x mutation, outside of organizations', () => {
  test('what nobody, a person of each role, an operator and a key may do is what was reviewed', async () => {
    const operator = await appointOperator(api);
    const world = await seedWorld(api, 'personal', operator.userId);
    const people = await Promise.all(ORGANIZATION_ROLES.map(async (role) => [role, await signIn(api.app, world.email(role))] as const));
    const callers = [['nobody', undefined], ...people, ['operator', operator.token], ["owner's key", world.keys.owner]] as const;
    const rows: string[] = [];
    for (const [caller, as] of callers) {
      for (const [mutation, input] of Object.entries(PERSONAL_CALLS)) {
        rows.push(`${mutation.padEnd(24)} ${caller.padEnd(11)} ${await outcome(mutation, input, as)}`);
      }
    }
    await expect(rows.sort().join('\n')).toMatchFileSnapshot('role-personal.snapshot.txt');
  });
});
