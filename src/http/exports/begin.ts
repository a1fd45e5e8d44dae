import type { KeyUsage } from '../../domains/api-keys/index.ts';
import type { AccessLog, AuthService } from '../../domains/auth/index.ts';
import type { LogExport, LogExporter } from '../../domains/events/index.ts';
import type { ServiceContext } from '../../domains/service-context.ts';
import { type AppError, ForbiddenError, UnauthenticatedError } from '../../kernel/errors.ts';
import { noTenant, type Principal } from '../../kernel/principal.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { type CallerOptions, callerOf } from '../caller.ts';
import { refuseRepeated } from '../readable-requests.ts';
import { type CallerMeter, subjectOf } from '../rate-limits.ts';
import { originOf, type RequestState } from '../request-state.ts';
import type { AccessWatches } from '../subscriptions/access-watch.ts';
import type { ExportPlaces } from './places.ts';

/** What an export needs to begin. */
export interface BeginDependencies extends Pick<ServiceContext, 'db' | 'events' | 'clock' | 'accessChanged'>, CallerOptions {
  readonly auth: AuthService;
  readonly accessLog: AccessLog;
  readonly exporter: LogExporter;
  /** Null when callers are not limited over time. */
  readonly meter: CallerMeter | null;
  /** Counts the month of API keys. */
  readonly keyUsage: Pick<KeyUsage, 'take'>;
  readonly watches: AccessWatches;
  readonly places: ExportPlaces;
}

/** An export that has begun, and whether its caller may still have it. */
export interface BegunExport extends LogExport {
  /** Resolves when it is certain that the caller may have the next line. @throws AppError when it may not any more. */
  confirm(): Promise<void>;
}

/** What an export takes of what its caller may spend: it reads more than any query. */
const SIZE = { rootFields: 1, cost: 1_000, depth: 1, introspectionDepth: 0, aliases: 0, directives: 0, values: 0 };

/**
 * Asks everything that can refuse it, in the order of the other door: who calls, how often, in which organization, what for.
 *
 * @param over aborted when it has ended, however it did: then it takes up nothing any more.
 */
export async function beginExport(
  dependencies: BeginDependencies,
  request: Request,
  state: RequestState,
  over: AbortSignal,
): Promise<BegunExport> {
  const { auth, meter, keyUsage, accessLog, exporter, places, db, events, clock, accessChanged } = dependencies;
  const caller = callerOf(request, auth, dependencies);
  const principal = await caller.identify();
  state.principal = principal;
  // At once: what changes from here on is not to be missed.
  const confirm = principal && watch(dependencies.watches, principal, () => caller.identify(), over);
  if (meter) {
    state.counted = true;
    const { refusal } = await meter.admit(principal, state.sender.address, SIZE);
    if (refusal) throw refusal;
  }
  if (!principal || !confirm) throw new UnauthenticatedError();
  if (!principal.tenant) throw noTenant(principal);
  const { orgId } = principal.tenant;
  places.take({ caller: subjectOf(principal, state.sender.address), orgId }, over);
  const origin = originOf(request);
  // As any other door: after what bounds how often the database is asked, and before anything is read.
  const usedUp = await keyUsage.take(principal, origin, SIZE.rootFields);
  if (usedUp) throw usedUp;
  await accessLog.entered({ principal, origin });
  const userId = principal.kind === 'user' ? principal.userId : null;
  const { searchParams } = new URL(request.url);
  refuseRepeated(searchParams, ['after', 'through']);
  const begun = await runInScope(createScope({ orgId, userId }), () =>
    exporter.begin(
      { principal, origin, db, events, clock, accessChanged },
      { after: searchParams.get('after'), through: searchParams.get('through') },
    ),
  );
  return { ...begun, confirm };
}

/** What confirms that the caller is still who it was. */
function watch(watches: AccessWatches, principal: Principal, identify: () => Promise<Principal | null>, over: AbortSignal): BegunExport['confirm'] {
  over.throwIfAborted();
  let ended: AppError | null = null;
  const access = watches.watch({ principal, identify, onEnd: (reason) => (ended = reason) });
  over.addEventListener('abort', () => access.stop(), { once: true });
  return async () => {
    await access.confirm();
    if (ended) throw ended instanceof ForbiddenError ? new ForbiddenError('Your access has changed since the export began: ask for the rest of it anew.') : ended;
  };
}
