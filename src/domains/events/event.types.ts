import type { Origin, Source } from '../../kernel/origin.ts';
import type { Principal } from '../../kernel/principal.ts';
import type { TenantClient, TenantTransaction } from '../../platform/postgres/tenant-client.ts';
import type { JsonObject } from '../json-limits.ts';

/** For whom, and with what, the log is used. The organization is that of the current scope, as for every statement. */
export interface EventContext<Client = TenantClient | TenantTransaction> {
  readonly db: Client;
  /** Who acts; null for work that nobody asked for. */
  readonly principal: Principal | null;
  readonly origin?: Origin;
}

/** What an event is about, when it is about one thing. */
export interface Aggregate {
  readonly type: string;
  /** A UUID in lower case. */
  readonly id: string;
}

/** An event that is to be appended. */
export interface NewEvent {
  /** NOUN.VERB in capitals, for example MEMBER.ADDED. */
  readonly type: string;
  readonly data?: JsonObject;
  readonly metadata?: JsonObject;
  /** What it is found by, for example `workflow:0198f0c2`. A set: order and repetitions mean nothing. */
  readonly tags?: readonly string[];
  readonly aggregate?: Aggregate | null;
  /** The id of the event, or the name of the command, that caused it. */
  readonly causationId?: string | null;
}

/** What the database decided about an appended event. */
export interface Placement {
  readonly position: number;
  readonly id: string;
  readonly aggregateVersion: number | null;
  readonly createdAt: Date;
}

export interface Actor {
  readonly kind: 'user' | 'apiKey' | 'system';
  readonly userId: string | null;
  readonly membershipId: string | null;
  /** The API key or the session. */
  readonly credentialId: string | null;
}

/** An event as it lies in the log. */
export interface StoredEvent {
  readonly orgId: string;
  /** Where it is in the log of its organization: from 1 on, without a gap. */
  readonly position: number;
  readonly id: string;
  readonly type: string;
  readonly aggregate: (Aggregate & { readonly version: number }) | null;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  readonly tags: readonly string[];
  readonly actor: Actor;
  readonly correlationId: string | null;
  readonly causationId: string | null;
  readonly source: Source;
  readonly ip: string | null;
  readonly userAgent: string | null;
  /** When it was recorded. */
  readonly createdAt: Date;
}

/** What an event must be: of one of the types, and with all of the tags. What is left out asks for nothing. */
export interface QueryItem {
  readonly types?: readonly string[];
  readonly tags?: readonly string[];
  /** Nouns that the event's type must not have. Nobody asks for this: it is what somebody may not see. */
  readonly exceptNouns?: readonly string[];
}

/** Events that match at least one item. */
export type EventQuery = readonly QueryItem[];

/** The query that matches every event. */
export const EVERY_EVENT: EventQuery = [{}];
