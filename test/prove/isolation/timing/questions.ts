import { randomInt, randomUUID } from 'node:crypto';
import { crc32 } from 'node:zlib';
import type pg from 'pg';
import { generateApiKey, prefixOf } from '../../../../src/domains/auth/index.ts';
import { fromGlobalId, toGlobalId } from '../../../../src/kernel/ids.ts';
import { withClient } from '../../../../src/platform/postgres/client.ts';
import type { TestApp } from '../../../harness/app.ts';
import { marked, type SoakTenant } from '../soak/tenants.ts';
import { at } from '../soak/turn.ts';
import type { Comparison } from './compare.ts';
import { makeComparisonsOfPeople } from './people.ts';

/** So many ids of each class, drawn at random, so that no place in an index stands for its class. */
const IDS = 40;

interface Ids {
  readonly unknown: readonly string[];
  readonly foreign: readonly string[];
  readonly deleted: readonly string[];
}

const pick = (ids: readonly string[]): string => ids[randomInt(ids.length)] ?? '';

const create = 'mutation ($input: CreateWorkflowInput!) { createWorkflow(input: $input) { ... on CreateWorkflowSuccess { workflow { id } } } }';
const remove = 'mutation ($input: DeleteWorkflowInput!) { deleteWorkflow(input: $input) { __typename ... on Error { code } } }';

async function createWorkflows({ call }: TestApp, { marker, writers }: SoakTenant): Promise<string[]> {
  const ids: string[] = [];
  for (let index = 0; index < IDS; index += 1) {
    const input = { name: `For timing ${index} ${marker}`, definition: marked(marker, 'timing') };
    const { data } = await call(create, { input }, { as: writers[0]?.token });
    ids.push(String(at(data, 'createWorkflow', 'workflow', 'id')));
  }
  return ids;
}

/**
 * Ids of all classes, made by turns by the same database, so that they differ in nothing but in what became of them:
 * the unknown ones were made by it too, and given to nobody.
 */
async function makeIds(testApp: TestApp, own: SoakTenant, other: SoakTenant): Promise<Ids> {
  const foreign = await createWorkflows(testApp, other);
  const deleted = await createWorkflows(testApp, own);
  for (const id of deleted) await testApp.call(remove, { input: { id } }, { as: own.writers[0]?.token });
  const unknown = await withClient(testApp.database.superuserUrl, async (client) => {
    const { rows } = await client.query<{ id: string }>('SELECT uuidv7()::text AS id FROM generate_series(1, $1)', [IDS]);
    // What was deleted is cleared away, as it is on a server that has run for a while.
    await client.query('VACUUM ANALYZE');
    return rows.map(({ id }) => toGlobalId('Workflow', id));
  });
  if ([...foreign, ...deleted, ...unknown].some((id) => fromGlobalId(id) === null)) throw new Error('An id could not be made.');
  return { unknown, foreign, deleted };
}

const documents = {
  'workflow(id)': 'query ($id: ID!) { workflow(id: $id) { id name } }',
  'node(id)': 'query ($id: ID!) { node(id: $id) { id } }',
  updateWorkflow: 'mutation ($id: ID!) { updateWorkflow(input: { id: $id, name: "Other" }) { __typename ... on Error { code } } }',
};
const byCreator = 'query ($id: ID!) { workflows(filter: { createdById: $id }) { totalCount } }';

const whoAmI = '{ viewer { kind } }';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** The six characters at the end of a key, as the README describes them: CRC-32 in base 62. */
const checksum = (text: string): string =>
  Array.from({ length: 6 }, (_, place) => DIGITS.charAt(Math.floor(crc32(text) / 62 ** (5 - place)) % 62)).join('');

/** A well-formed key that nobody was given, beginning like this one. */
const keyLike = (begin: string): string => {
  const text = begin + generateApiKey().slice(begin.length, -6);
  return text + checksum(text);
};

const times = <Value>(make: () => Value): Value[] => Array.from({ length: IDS }, make);

/**
 * Everything whose answer must not say, by the time that it takes, why nothing is found.
 *
 * @param client of a superuser; open for as long as they are made.
 */
export async function makeComparisons(testApp: TestApp, own: SoakTenant, other: SoakTenant, client: pg.Client): Promise<Comparison[]> {
  const ids = await makeIds(testApp, own, other);
  const token = own.writers[0]?.token ?? '';
  const ask = (document: string, id: string) => testApp.call(document, { id }, { as: token });
  const byId = Object.entries(documents).map(([name, document]) => ({
    name,
    classes: {
      unknown: () => ask(document, pick(ids.unknown)),
      foreign: () => ask(document, pick(ids.foreign)),
      deleted: () => ask(document, pick(ids.deleted)),
    },
  }));
  const members = {
    unknown: times(() => toGlobalId('Member', randomUUID())),
    foreign: [other.viewerId],
  };
  const foreignKey = other.writers[0]?.token ?? '';
  const keys = {
    unknown: times(generateApiKey),
    wrong: times(() => keyLike(prefixOf(foreignKey))),
    nearly: times(() => keyLike(foreignKey.slice(0, -8))),
  };
  return [
    ...byId,
    {
      name: 'workflows(createdById)',
      classes: {
        unknown: () => ask(byCreator, pick(members.unknown)),
        foreign: () => ask(byCreator, pick(members.foreign)),
      },
    },
    {
      name: 'API key',
      classes: {
        unknown: () => testApp.call(whoAmI, {}, { as: pick(keys.unknown) }),
        'wrong secret': () => testApp.call(whoAmI, {}, { as: pick(keys.wrong) }),
        'two letters off': () => testApp.call(whoAmI, {}, { as: pick(keys.nearly) }),
      },
    },
    ...(await makeComparisonsOfPeople(testApp, own, client)),
  ];
}
