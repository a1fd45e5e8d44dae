import { type NodeType, toGlobalId } from '../../kernel/ids.ts';
import type { Origin } from '../../kernel/origin.ts';
import type { Principal } from '../../kernel/principal.ts';
import { canonicalJson } from '../../platform/crypto/canonical-json.ts';
import { once, type Once, type RepeatableRequest } from '../../platform/postgres/idempotency.ts';
import type { TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import type { JsonObject } from '../json-limits.ts';
import type { ServiceContext } from '../service-context.ts';
import type { AuditKind } from './audit.ts';
import type { NewEvent } from './event.types.ts';
import { auditEvents } from './events.ts';

/** Something that has a history. */
export interface Entity {
  readonly type: NodeType;
  /** Its UUID. */
  readonly id: string;
}

/** What is to be written down. It is kept for good: no secret, no hash, and nobody's address or name. */
export interface AuditEvent {
  readonly kind: AuditKind;
  /** What it happened to; null for what is about no one thing. */
  readonly about: Entity | null;
  /** What else has it in its history. */
  readonly concerning?: readonly Entity[];
  readonly data?: JsonObject;
}

/** Who does something, and where it is written down. Without a principal it is the server that does it. */
export type RecordContext = Pick<ServiceContext, 'origin' | 'events'> & { readonly principal: Principal | null };

/** Fewer than the store takes at once, so that a member of very many keys can leave too. */
const MOST_AT_ONCE = 500;

/** The tag by which the history of a thing is found: `workflow:wf_...`, with the id that callers know. */
export function entityTag({ type, id }: Entity): string {
  return `${type.charAt(0).toLowerCase()}${type.slice(1)}:${toGlobalId(type, id)}`;
}

/** The tags by which everything that somebody did is found. */
function actorTags(principal: Principal | null): string[] {
  if (principal === null) return [];
  const { kind, credentialId, tenant } = principal;
  const member = tenant?.membershipId == null ? 'operator' : toGlobalId('Member', tenant.membershipId);
  return [`actor:${member}`, ...(kind === 'apiKey' ? [`actor:${toGlobalId('ApiKey', credentialId)}`] : [])];
}

/** What is appended for something that is to be written down. */
export function toNewEvent(principal: Principal | null, { kind, about, concerning = [], data = {} }: AuditEvent): NewEvent {
  const entities = about === null ? concerning : [about, ...concerning];
  return {
    type: kind.type,
    data,
    tags: [...entities.map(entityTag), ...actorTags(principal)],
    aggregate: about && { type: about.type.charAt(0).toLowerCase() + about.type.slice(1), id: about.id },
  };
}

/**
 * Writes down what was done, in the transaction in which it is done. Call it last in there: other appends of the
 * organization wait from now until the commit.
 */
export async function record(tx: TenantTransaction, cx: RecordContext, ...events: readonly AuditEvent[]): Promise<void> {
  const { principal, origin } = cx;
  for (let start = 0; start < events.length; start += MOST_AT_ONCE) {
    const some = events.slice(start, start + MOST_AT_ONCE);
    await cx.events.append({ db: tx, principal, origin }, some.map((event) => toNewEvent(principal, event)));
  }
}

/** What a use case has done, and what is to be written down of it. */
export interface Recorded<Result> {
  readonly result: Result;
  readonly events: readonly AuditEvent[];
}

/** Does `work` once for an idempotency key, as `once` does, and writes down what it did: a repetition did nothing. */
export async function recordOnce<Result>(
  tx: TenantTransaction,
  cx: RecordContext,
  request: RepeatableRequest,
  work: () => Promise<Recorded<Result>>,
): Promise<Once<Result>> {
  let events: readonly AuditEvent[] = [];
  const outcome = await once(tx, request, async () => {
    const done = await work();
    events = done.events;
    return done.result;
  });
  await record(tx, cx, ...events);
  return outcome;
}

/**
 * An operator of the platform in an organization that is not the one of the request. Who is a member of one organization
 * is nothing to write into the log of another.
 */
export function asVisitor<Context extends Pick<ServiceContext, 'principal'>>(cx: Context): Context {
  return { ...cx, principal: { ...cx.principal, tenant: null } };
}

/** What was written down of reading the audit, for each piece of work: each has an origin of its own. */
const readings = new WeakMap<Origin, Map<string, Promise<unknown>>>();

/**
 * Writes down that the audit is read, once for each thing that a piece of work asks for. Call it before anything is shown:
 * what cannot be written down is not shown. After a failure it is tried again.
 *
 * @param data what was asked for: see reading.ts.
 */
export async function recordAuditRead(
  cx: Pick<ServiceContext, 'principal' | 'origin' | 'events' | 'db'>,
  data: JsonObject,
): Promise<void> {
  const { db, principal, origin } = cx;
  const ofWork = readings.get(origin) ?? new Map<string, Promise<unknown>>();
  readings.set(origin, ofWork);
  const asked = canonicalJson(data);
  const event = toNewEvent(principal, { kind: auditEvents.read, about: null, data });
  const reading = ofWork.get(asked) ?? cx.events.append({ db, principal, origin }, [event]);
  ofWork.set(asked, reading);
  try {
    await reading;
  } catch (error) {
    if (ofWork.get(asked) === reading) ofWork.delete(asked);
    throw error;
  }
}
