import { z } from 'zod';
import { ConflictError, ValidationError } from '../../kernel/errors.ts';
import {
  beginLine,
  BrokenChainError,
  type Checkpoint,
  endLine,
  eventLine,
  FIRST_HASH,
  type KeyRing,
  readHash,
  readHead,
  readLastArchive,
  type Signed,
  signedLine,
  signLog,
  walkChain,
} from '../../platform/chain/index.ts';
import { requireScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { parseInput } from '../parse-input.ts';
import { requirePermission } from '../require-permission.ts';
import { requireTenant, type ServiceContext } from '../service-context.ts';
import { auditEvents } from './events.ts';
import { toNewEvent } from './record.ts';

/** Texts of an address. */
export interface ExportInput {
  readonly after?: string | null;
  readonly through?: string | null;
}

/** An export that may begin: everything that can be refused was asked. */
export interface LogExport {
  readonly organizationId: string;
  /** Its events come after this position, up to the other one. */
  readonly after: number;
  readonly through: number;
  /** Its lines without their ends, once. What is not taken yet is not read yet. */
  readonly lines: AsyncGenerator<string, void>;
}

export interface LogExporterOptions {
  readonly keys: KeyRing;
  /** Told when a log does not follow from what was signed of it. */
  onBroken(error: BrokenChainError): void;
}

/** Gives the log of an organization away. */
export interface LogExporter {
  /**
   * Writes down who takes the log, and begins. It is signed meanwhile: how long that takes depends on how much was
   * appended since it was signed last, and nobody waits for it before the first line.
   *
   * @throws ForbiddenError without event:read and audit:read; ValidationError for positions that are none of the log.
   */
  begin(cx: ServiceContext, input: ExportInput): Promise<LogExport>;
}

const positionText = z
  .string()
  .regex(/^\d{1,15}$/, 'must be a position: a whole number from 0 on')
  .transform(Number)
  .nullish();

const exportInput = z.strictObject({ after: positionText, through: positionText });

/** Exports that are signed with these keys; what is asked of the log is asked in the scope of whoever begins one. */
export function createLogExporter({ keys, onBroken }: LogExporterOptions): LogExporter {
  return {
    async begin(cx, input) {
      requirePermission(cx, 'event:read');
      // What the audit is cannot be left out: a chain with holes proves nothing.
      requirePermission(cx, 'audit:read');
      const { orgId } = requireTenant(cx);
      const given = parseInput(exportInput, input);
      const { db, principal, origin } = cx;
      const start = await startOf(cx, given.after ?? null);
      if (given.through != null && given.through <= start.position) throw ValidationError.of('through', `must be more than ${start.position}`);
      const event = toNewEvent(principal, {
        kind: auditEvents.exported,
        about: null,
        data: { after: start.position, through: given.through ?? null },
      });
      await cx.events.append({ db, principal, origin }, [event]);
      const through = Math.min(given.through ?? Number.MAX_SAFE_INTEGER, (await readHead(db)).position);
      const leaving = new AbortController();
      const signing = sign(cx, { keys, through, onBroken, signal: leaving.signal });
      const lines = writeLines(cx, { keys, start, through, signing, onOver: () => leaving.abort() });
      return { organizationId: orgId, after: start.position, through, lines };
    },
  };
}

/** How signing has ended: with a checkpoint, with none for a log that is broken or archived, or with a failure. */
type Outcome = Signed<Checkpoint> | null | { readonly failure: unknown };

interface ToSign extends LogExporterOptions {
  readonly through: number;
  readonly signal: AbortSignal;
}

async function sign({ db, clock }: ServiceContext, { keys, through, onBroken, signal }: ToSign): Promise<Outcome> {
  try {
    return await signLog({ db, keys, now: () => clock.now(), signal }, through);
  } catch (error) {
    // A log that was tampered with is given away as it is: the file shows it.
    if (!(error instanceof BrokenChainError)) return { failure: error };
    onBroken(error);
    return null;
  }
}

interface Start {
  readonly position: number;
  readonly hash: string;
}

/** Where an export goes on from: after an event that is there, or after all that were archived. */
async function startOf({ db }: ServiceContext, after: number | null): Promise<Start> {
  const archive = await readLastArchive(db);
  const first = { position: archive?.statement.position ?? 0, hash: archive?.statement.hash ?? FIRST_HASH };
  if (after === null || after === first.position) return first;
  if (after < first.position) throw ValidationError.of('after', `must be at least ${first.position}: what comes before was archived`);
  const hash = await readHash(db, after);
  if (hash === null) throw ValidationError.of('after', `must be at most ${(await readHead(db)).position}, the last position of the log`);
  return { position: after, hash };
}

interface Lines {
  readonly keys: KeyRing;
  readonly start: Start;
  readonly through: number;
  readonly signing: Promise<Outcome>;
  /** Nobody takes lines any more. */
  onOver(): void;
}

/** The lines belong to the scope in which this is called, whoever takes them. */
function writeLines({ db }: ServiceContext, { through, ...given }: Lines): AsyncGenerator<string, void> {
  const scope = requireScope();
  const { position: after, hash } = given.start;
  const items = walkChain(db, { after, through });
  return linesOf({
    ...given,
    through,
    begin: beginLine({ organization: scope.orgId ?? '', after, hash }),
    next: () => runInScope(scope, () => items.next()),
    archivedThrough: () => runInScope(scope, async () => (await readLastArchive(db))?.statement.position ?? 0),
  });
}

interface Source extends Lines {
  readonly begin: string;
  next(): ReturnType<ReturnType<typeof walkChain>['next']>;
  archivedThrough(): Promise<number>;
}

async function* linesOf(source: Source): AsyncGenerator<string, void> {
  try {
    yield* wholeLines(source);
  } finally {
    source.onOver();
  }
}

async function* wholeLines({ begin, start, through, keys, signing, next, archivedThrough }: Source): AsyncGenerator<string, void> {
  yield begin;
  let { position, hash } = start;
  let signedThrough = 0;
  // A gap is no reason to stop, unless it is the archive's.
  const requireThere = async (): Promise<void> => {
    if ((await archivedThrough()) >= Math.min(position + 1, through)) throw archivedMeanwhile();
  };
  for (let item = await next(); !item.done; item = await next()) {
    if (item.value.kind === 'signed') {
      signedThrough = item.value.signed.statement.position;
      if (signedThrough > position) await requireThere();
      yield signedLine(item.value.signed);
      continue;
    }
    const { event } = item.value;
    if (event.position !== position + 1) await requireThere();
    ({ position, hash } = event);
    yield eventLine(hash, event.body);
  }
  if (position < through) await requireThere();
  const outcome = await signing;
  if (outcome === null) await requireThere();
  else if ('failure' in outcome) throw outcome.failure;
  else if (outcome.statement.position > signedThrough) yield signedLine(outcome);
  // Where it was to end: a log whose last events are gone is not to be taken for a shorter one.
  yield endLine({ position: through, hash, keys: keys.publicKeys });
}

const archivedMeanwhile = (): ConflictError =>
  new ConflictError('What was asked for is being moved to an archive: ask again, from the last position that you have on.');
