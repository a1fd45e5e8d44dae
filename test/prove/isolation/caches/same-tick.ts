import { randomUUID } from 'node:crypto';
import { fromGlobalId, toGlobalId } from '../../../../src/kernel/ids.ts';
import type { SoakTenant } from '../soak/tenants.ts';
import { at } from '../soak/turn.ts';
import { type CacheWorld, ownerOf, said, walkerIn } from './world.ts';

const everything = `query Everything($id: ID!, $ids: [ID!]!) {
  workflow(id: $id) { id name tasks { totalCount edges { node { id key workflow { id name } } } } versions { totalCount edges { node { id definition createdBy { id name } } } } }
  nodes(ids: $ids) { id ... on Organization { name } ... on Workflow { name } ... on Task { key } ... on Schedule { name } ... on ApiKey { name } ... on Member { calledHere: name } ... on WorkflowVersion { definition } ... on WorkflowExecution { input } ... on TaskExecution { taskKey } }
  workflows(first: 3) { totalCount edges { node { id name executions { totalCount } schedules { totalCount edges { node { id name } } } } } }
  apiKeys(first: 3) { totalCount edges { node { id name owner { id name } issuedBy { id name } } } }
  viewer { organization { id name } member { id name } }
}`;

/** Everybody asks the same at once: one parsed document, one statement text, loaders that fill in one tick. */
export async function sameTick(world: CacheWorld, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    const asked = world.tenants.flatMap((tenant) => tenant.writers.map((caller) => ({ tenant, caller })));
    await Promise.all(
      asked.map(async ({ tenant, caller }) => {
        const { data } = await world.ask(tenant, caller, everything, { id: tenant.fixedIds[0], ids: tenant.ids });
        const counts = [at(data, 'workflow', 'tasks', 'totalCount'), at(data, 'workflows', 'totalCount')];
        // Its workflows are the fixed ones, the one that is changed and the one that is locked.
        const wanted = [tenant.tasksEach, tenant.fixedIds.length + 2];
        if (counts.join() !== wanted.join()) world.witness.report('same tick', `counted ${counts.join()} instead of ${wanted.join()}`);
      }),
    );
  }
}

const oneNode = 'query One($id: ID!) { node(id: $id) { id } }';
const oneWorkflow = 'query One($id: ID!) { workflow(id: $id) { id name } }';

/** What one has just read is as unknown to another as what never was, to the letter. */
export async function warmedByAnother(world: CacheWorld): Promise<void> {
  for (const [reader, owner] of pairsOf(world.tenants)) {
    for (const id of owner.ids) {
      const document = fromGlobalId(id)?.type === 'Workflow' ? oneWorkflow : oneNode;
      const unknown = toGlobalId(fromGlobalId(id)?.type ?? 'Workflow', randomUUID());
      // The rows of this question have no marker in them; that they are found by their owner is all that is needed.
      await world.testApp.call(document, { id }, { as: ownerOf(owner).token });
      const foreign = await world.ask(reader, ownerOf(reader), document, { id });
      const missing = await world.ask(reader, ownerOf(reader), document, { id: unknown });
      if (said(foreign) !== said(missing)) world.witness.report('warmed by another', `${id} is answered otherwise than an unknown id`);
      world.expectCodes(id, foreign, 'NOT_FOUND');
    }
  }
}

/** The same text with an id written into it: what is remembered of a document is nothing of its answer. */
export async function sameText(world: CacheWorld): Promise<void> {
  for (const [reader, owner] of pairsOf(world.tenants)) {
    const text = `{ workflow(id: "${owner.fixedIds[0]}") { id name } }`;
    const [own, foreign] = await Promise.all([world.ask(owner, ownerOf(owner), text), world.ask(reader, ownerOf(reader), text)]);
    world.expectCodes('own', own);
    world.expectCodes('foreign', foreign, 'NOT_FOUND');
  }
}

const where = 'query Where { viewer { organization { id name } member { id name } } workflows(first: 5) { totalCount edges { node { id name } } } }';

/** One person, one token, two organizations, in one tick. */
export async function switching(world: CacheWorld, rounds: number): Promise<void> {
  const both = world.tenants.slice(0, 2);
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      [...both, ...both.toReversed()].map(async (tenant) => {
        const { data } = await world.ask(tenant, walkerIn(tenant), where);
        const found = at(data, 'viewer', 'organization', 'id');
        if (found !== tenant.organizationId) world.witness.report('switching', `asked for ${tenant.organizationId}, was in ${String(found)}`);
      }),
    );
  }
  const [elsewhere] = world.tenants.slice(2);
  const [here] = both;
  if (elsewhere === undefined || here === undefined) return;
  const stranger = { token: walkerIn(here).token, organization: elsewhere.organizationId };
  world.expectCodes('an organization of others', await world.ask(elsewhere, stranger, where), 'FORBIDDEN');
}

/** What everybody may ask for by its id. */
export const trustedDocuments: readonly string[] = [everything, where];

/** An id stands for a text and not for an answer, whoever asked by it before. */
export async function trusted(world: CacheWorld, rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    await Promise.all(
      world.tenants.map(async (tenant) => {
        const { data } = await world.askTrusted(tenant, ownerOf(tenant), everything, { id: tenant.fixedIds[0], ids: tenant.ids });
        const found = at(data, 'viewer', 'organization', 'id');
        if (found !== tenant.organizationId) world.witness.report('trusted documents', `${tenant.marker} was answered as ${String(found)}`);
      }),
    );
  }
  for (const [reader, owner] of pairsOf(world.tenants)) {
    const foreign = await world.askTrusted(reader, ownerOf(reader), everything, { id: owner.fixedIds[0], ids: [owner.ids[1]] });
    world.expectCodes('a foreign id', foreign, 'NOT_FOUND', 'NOT_FOUND');
    // Rights are looked at when it runs: whom the list of members is closed to does not see it by an id either.
    const customer = await world.askTrusted(reader, reader.customer, where);
    const asText = await world.ask(reader, reader.customer, where);
    if (said(customer) !== said(asText)) world.witness.report('trusted documents', 'an id is answered otherwise than its text');
  }
}

const lists = {
  workflows: 'query List($after: String) { workflows(first: 1, after: $after) { pageInfo { endCursor } edges { node { id name } } } }',
  members: 'query List($after: String) { members(first: 1, after: $after) { pageInfo { endCursor } edges { node { id name } } } }',
  apiKeys: 'query List($after: String) { apiKeys(first: 1, after: $after) { pageInfo { endCursor } edges { node { id name } } } }',
};

/** A cursor is worth nothing to another tenant, to the same person in another organization, or in another list. */
export async function cursors(world: CacheWorld): Promise<void> {
  for (const [reader, owner] of pairsOf(world.tenants)) {
    for (const [list, document] of Object.entries(lists)) {
      const own = await world.ask(owner, ownerOf(owner), document);
      const after = at(own.data, list, 'pageInfo', 'endCursor');
      const forged = `${String(after).slice(0, -2)}AA`;
      const answers = await Promise.all([after, forged].map((cursor) => world.ask(reader, ownerOf(reader), document, { after: cursor })));
      for (const answer of answers) world.expectCodes(list, answer, 'VALIDATION_FAILED');
      if (new Set(answers.map(said)).size > 1) world.witness.report('cursors', 'a foreign cursor is answered otherwise than a forged one');
      const other = Object.entries(lists).find(([name]) => name !== list)?.[1] ?? '';
      world.expectCodes('another list', await world.ask(owner, ownerOf(owner), other, { after }), 'VALIDATION_FAILED');
    }
  }
  const [first, second] = world.tenants;
  if (first === undefined || second === undefined) return;
  const here = await world.ask(first, walkerIn(first), lists.workflows);
  const after = at(here.data, 'workflows', 'pageInfo', 'endCursor');
  world.expectCodes('switched', await world.ask(second, walkerIn(second), lists.workflows, { after }), 'VALIDATION_FAILED');
}

/** Each tenant with its neighbour. */
const pairsOf = (tenants: readonly SoakTenant[]): [SoakTenant, SoakTenant][] =>
  tenants.map((tenant, place) => [tenant, tenants[(place + 1) % tenants.length] ?? tenant]);
