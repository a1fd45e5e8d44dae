import { isOutcomeUnknown, isTransientFailure } from '../../platform/postgres/adapter/index.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { type Appended, appendEach, appendOne, type Command } from './append.ts';

/** Each is a transaction within the batch's, and PostgreSQL keeps account of 64 of them in memory. */
const MOST_COMMANDS = 50;
const MOST_CHARACTERS = 4 * 1024 * 1024;

interface Waiting {
  readonly command: Command;
  readonly settle: (outcome: Appended | Error) => void;
}

/** Appends commands that are no part of a transaction of the caller. */
export type AppendCommand = (db: TenantClient, command: Command) => Promise<Appended>;

/**
 * Makes the commands of one organization that come while one is under way wait for it, and sends those that wait
 * together. They would wait for the same lock otherwise, each on a connection and for a commit of its own. One that
 * comes alone is sent at once.
 */
export function createBatcher(): AppendCommand {
  const queues = new WeakMap<TenantClient, Map<string, Waiting[]>>();

  return async (db, command) => {
    const ofClient = queues.get(db) ?? new Map<string, Waiting[]>();
    queues.set(db, ofClient);
    const { orgId } = command;
    const line = ofClient.get(orgId);
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const waiting: Waiting = {
      command,
      settle: (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)),
    };
    if (line === undefined) {
      ofClient.set(orgId, []);
      void drain(db, orgId, ofClient, waiting);
    } else {
      line.push(waiting);
    }
    return promise;
  };
}

/** Sends the first, then those who came meanwhile, until nobody waits. */
async function drain(db: TenantClient, orgId: string, lines: Map<string, Waiting[]>, first: Waiting): Promise<void> {
  // Nobody's request in particular: who acts is written in each event.
  const scope = createScope({ orgId, userId: null });
  for (let batch = [first]; batch.length > 0; batch = takeBatch(lines.get(orgId) ?? [])) {
    await runInScope(scope, () => send(db, batch));
  }
  lines.delete(orgId);
}

function takeBatch(line: Waiting[]): Waiting[] {
  let characters = 0;
  const end = line.findIndex(({ command }, index) => {
    characters += command.events.length;
    return index >= MOST_COMMANDS || (index > 0 && characters > MOST_CHARACTERS);
  });
  return line.splice(0, end === -1 ? line.length : end);
}

async function sendAlone(db: TenantClient, { command, settle }: Waiting): Promise<void> {
  settle(await appendOne(db, command).catch((error: unknown) => error as Error));
}

async function send(db: TenantClient, batch: readonly Waiting[]): Promise<void> {
  if (batch.length === 1) return sendAlone(db, batch[0]!);
  try {
    const outcomes = await appendEach(db, batch.map(({ command }) => command));
    for (const [index, { settle }] of batch.entries()) settle(outcomes[index]!);
  } catch (error) {
    const isOfAll = isTransientFailure(error) || isOutcomeUnknown(error);
    if (isOfAll) for (const { settle } of batch) settle(error as Error);
    // One of them is to blame, and the others are not to suffer for it: nothing of the batch was kept.
    else for (const each of batch) await sendAlone(db, each);
  }
}
