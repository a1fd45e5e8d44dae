import { ServiceUnavailableError } from '../../kernel/errors.ts';
import { isOutcomeUnknown, isOutOfTime, isTransientFailure } from '../../platform/postgres/adapter/index.ts';
import type { SendAppends } from '../../platform/postgres/event-appends.ts';
import { type Appended, appendEach, appendOne, type Command, isAboutOther } from './append.ts';

const MOST_COMMANDS = 50;
const MOST_CHARACTERS = 4 * 1024 * 1024;
/** So many of one line wait at the most; whoever comes then is told to come again. */
const MOST_WAITING = { unconditional: 2_000, conditional: 500 };
/** Who has waited for longer has been answered meanwhile that it took too long. */
const LONGEST_WAIT_MS = 10_000;

interface Waiting {
  readonly command: Command;
  readonly since: number;
  readonly settle: (outcome: Appended | Error) => void;
}

/** Appends commands that are no part of a transaction of the caller. */
export type AppendCommand = (command: Command) => Promise<Appended>;

/**
 * Makes the commands of one organization that come while one is under way wait for it, and sends those that wait
 * together. They would wait for the same lock otherwise, each on a connection and for a commit of its own. One that
 * comes alone is sent at once.
 *
 * Those with a condition wait in a line of their own: a condition may take long to look at, and what the server itself
 * writes down has none and must not wait for that.
 *
 * @throws ServiceUnavailableError when very many of the organization wait, or one has waited for too long.
 */
export function createBatcher(send: SendAppends): AppendCommand {
  const lines = new Map<string, Waiting[]>();

  return async (command) => {
    const kind = command.query === null ? 'unconditional' : 'conditional';
    const name = `${command.orgId} ${kind}`;
    const line = lines.get(name);
    if (line !== undefined && line.length >= MOST_WAITING[kind]) throw new ServiceUnavailableError();
    const { promise, resolve, reject } = Promise.withResolvers<Appended>();
    const waiting: Waiting = {
      command,
      since: performance.now(),
      settle: (outcome) => (outcome instanceof Error ? reject(outcome) : resolve(outcome)),
    };
    if (line === undefined) {
      lines.set(name, []);
      void drain(send, name, lines, waiting);
    } else {
      line.push(waiting);
    }
    return promise;
  };
}

/** Sends the first, then those who came meanwhile, until nobody waits. */
async function drain(send: SendAppends, name: string, lines: Map<string, Waiting[]>, first: Waiting): Promise<void> {
  for (let batch = [first]; batch.length > 0; batch = takeBatch(lines.get(name) ?? [])) await sendBatch(send, batch);
  lines.delete(name);
}

/** Takes what can be sent together, in the order in which it came. What is about one of those waits for the next batch. */
function takeBatch(line: Waiting[]): Waiting[] {
  const tooLong = performance.now() - LONGEST_WAIT_MS;
  while (line.length > 0 && line[0]!.since < tooLong) line.shift()!.settle(new ServiceUnavailableError());
  const batch: Waiting[] = [];
  let characters = 0;
  for (let place = 0; place < line.length && batch.length < MOST_COMMANDS; ) {
    const { command } = line[place]!;
    characters += command.text.length;
    if (batch.length > 0 && characters > MOST_CHARACTERS) break;
    if (batch.some((other) => isAboutOther(command, other.command))) place += 1;
    else batch.push(...line.splice(place, 1));
  }
  return batch;
}

async function sendAlone(send: SendAppends, { command, settle }: Waiting): Promise<void> {
  settle(await appendOne(send, command).catch((error: unknown) => error as Error));
}

async function sendBatch(send: SendAppends, batch: readonly Waiting[]): Promise<void> {
  if (batch.length === 1) return sendAlone(send, batch[0]!);
  try {
    const outcomes = await appendEach(send, batch.map(({ command }) => command));
    for (const [index, { settle }] of batch.entries()) settle(outcomes[index]!);
  } catch (error) {
    const isOfAll = (isTransientFailure(error) && !isOutOfTime(error)) || isOutcomeUnknown(error);
    if (isOfAll) for (const { settle } of batch) settle(error as Error);
    // One of them is to blame, and the others are not to suffer for it: nothing of the batch was kept.
    else for (const each of batch) await sendAlone(send, each);
  }
}
