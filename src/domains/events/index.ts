export type { AppendCondition, Appended } from './append.ts';
export { type AuditKind, type AuditKinds, type AuditNoun, isAuditType } from './audit.ts';
export { APPEND_MAX, type AppendEventsInput } from './append-events.input.ts';
export { type Changes, changesOf, fieldsOf } from './changes.ts';
export { type CheckpointJob, startCheckpoints } from './checkpoints.ts';
export type { ConsumeOptions, Handler } from './consume.ts';
export type { Decision } from './decide.ts';
export { AppendConditionFailedError } from './event.errors.ts';
export {
  type AppendedEvents,
  createEventService,
  type EventService,
  type FollowedChanges,
  type FollowOptions,
} from './event.service.ts';
export { createEventStore, type EventStore } from './event-store.ts';
export {
  type Actor,
  type Aggregate,
  type EventContext,
  type EventQuery,
  EVERY_EVENT,
  type NewEvent,
  type Placement,
  type QueryItem,
  type StoredEvent,
} from './event.types.ts';
export type { HistoryPage } from './history.ts';
export { createLogExporter, type LogExport, type LogExporter } from './export-log.ts';
export type { EventPage, ReadOptions } from './read.ts';
export {
  asVisitor,
  type AuditEvent,
  type Entity,
  record,
  type RecordContext,
  type Recorded,
  recordOnce,
  toNewEvent,
} from './record.ts';
export type { SubscribeOptions } from './subscribe.ts';
export { hiddenNouns } from './visibility.rules.ts';
