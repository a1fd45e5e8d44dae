import { GraphQLID } from 'graphql';
import { afterEach, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { toGlobalId } from '../../src/kernel/ids.ts';
import { forgetPlans, withStrike } from '../prove/isolation/attack/campaign.ts';
import { createFindings } from '../prove/isolation/attack/findings.ts';
import { attackSubscriptions } from '../prove/isolation/attack/subscriptions.ts';
import type { PartContext, PartResult } from '../prove/isolation/part.ts';
import { plantSubscription } from '../prove/isolation/planted.ts';
import { databaseBehind } from '../prove/isolation/worlds/realm.ts';

// The attack on subscriptions by itself, and that it finds a leak: in the whole proof it is one of many.

const bounded: PartContext = { effort: 'bounded', progress: () => undefined };
const LONGEST_MS = 400_000;

async function attack(): Promise<PartResult> {
  const findings = createFindings();
  await withStrike({}, bounded, findings, attackSubscriptions);
  return findings.result();
}

let remove = (): void => undefined;
afterEach(() => {
  remove();
  forgetPlans();
});

describe('subscriptions', () => {
  test("show nothing of another organization, whatever happens there, and answer its ids and texts like unknown ones", { timeout: LONGEST_MS }, async () => {
    const { leaks, cases } = await attack();
    expect(leaks).toEqual([]);
    expect(cases).toBeGreaterThan(5);
  });

  test('that show a row of another organization are found', { timeout: LONGEST_MS }, async () => {
    remove = plantSubscription('plantedStream', {
      type: GraphQLID,
      subscribe: async function* (_root, _args, { services }) {
        const ask = (sql: string) => withClient(databaseBehind(services).superuserUrl, (client) => client.query(sql));
        for (const { id } of (await ask('SELECT id FROM workflow.workflows ORDER BY id')).rows) yield id;
      },
      resolve: (id) => toGlobalId('Workflow', id as string),
    });
    forgetPlans();
    const { leaks } = await attack();
    expect(new Set(leaks.map(({ where }) => /planted\w+/.exec(where)?.[0] ?? where))).toEqual(new Set(['plantedStream']));
  });
});
