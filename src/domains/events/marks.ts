import { ValidationError } from '../../kernel/errors.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import { organizationOf } from './context.ts';
import type { EventContext } from './event.types.ts';

/** How far a consumer has come in the log of the scope's organization. */
export interface Mark {
  /** Everything up to this position is done; 0 before the first. */
  readonly position: number;
  /** How often what comes next has failed. */
  readonly failedAttempts: number;
  readonly lastError: string | null;
}

const LONGEST_NAME = 100;
const LONGEST_ERROR = 1_000;

/** @throws ValidationError for a name that is empty, has spaces, or is longer than 100 characters. */
export function requireConsumer(name: string): string {
  if (/^\S+$/.test(name) && name.length <= LONGEST_NAME) return name;
  throw ValidationError.of('consumer', `must be 1 to ${LONGEST_NAME} characters long, without spaces`);
}

/** The mark of a consumer; that of the beginning when it has none. */
export async function readMark({ db }: Pick<EventContext, 'db'>, consumer: string): Promise<Mark> {
  const select = { position: true, failedAttempts: true, lastError: true };
  const mark = await db.processingMark.findFirst({ where: { consumer }, select });
  return mark ? { ...mark, position: Number(mark.position) } : { position: 0, failedAttempts: 0, lastError: null };
}

/** Makes the mark of a consumer that has none yet, so that there is something to hold on to. */
export async function ensureMark(cx: EventContext, consumer: string): Promise<void> {
  const orgId = organizationOf(cx);
  await cx.db.processingMark.createMany({ data: [{ orgId, consumer: requireConsumer(consumer), position: 0n }], skipDuplicates: true });
}

/**
 * The position of a mark, which nobody else advances until the transaction ends: who waits here sees what the one before
 * has done.
 */
export async function holdMark(cx: EventContext<TenantTransaction>, consumer: string): Promise<number> {
  const orgId = organizationOf(cx);
  const [held] = await cx.db.$queryRaw<{ position: bigint }[]>`
    SELECT position FROM events.processing_marks WHERE org_id = ${orgId}::uuid AND consumer = ${consumer} FOR UPDATE`;
  return Number(held?.position ?? 0);
}

/**
 * Moves a mark forward, never back, and forgets what had failed. Answers whether it moved: not when another process had
 * come as far already.
 */
export async function advanceMark(cx: EventContext, consumer: string, position: number): Promise<boolean> {
  const orgId = organizationOf(cx);
  const moved = await cx.db.$executeRaw`
    INSERT INTO events.processing_marks AS mark (org_id, consumer, position) VALUES (${orgId}::uuid, ${requireConsumer(consumer)}, ${BigInt(position)}::bigint)
    ON CONFLICT (org_id, consumer) DO UPDATE SET position = excluded.position, failed_attempts = 0, last_error = NULL
    WHERE mark.position < excluded.position`;
  return moved > 0;
}

/** Counts a failure at what comes after a position, unless the mark has moved on since. */
export async function countFailure(cx: EventContext, consumer: string, position: number, error: unknown): Promise<void> {
  const orgId = organizationOf(cx);
  const text = (error instanceof Error ? error.message : String(error)).toWellFormed().replaceAll('\0', '');
  await cx.db.$executeRaw`
    UPDATE events.processing_marks SET failed_attempts = failed_attempts + 1, last_error = ${[...text].slice(0, LONGEST_ERROR).join('')}
    WHERE org_id = ${orgId}::uuid AND consumer = ${consumer} AND position = ${BigInt(position)}::bigint`;
}
