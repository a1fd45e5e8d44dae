import type { EventQuery, QueryItem, StoredEvent } from './event.types.ts';

/** Whether an event is one of those that `events.find_positions` finds for the query: both must say the same. */
export function matches(event: Pick<StoredEvent, 'type' | 'tags'>, query: EventQuery): boolean {
  return query.some((item) => matchesItem(event, item));
}

function matchesItem({ type, tags }: Pick<StoredEvent, 'type' | 'tags'>, item: QueryItem): boolean {
  const { types = [], tags: wanted = [], exceptNouns = [] } = item;
  if (types.length > 0 && !types.includes(type)) return false;
  if (exceptNouns.includes(type.slice(0, type.indexOf('.')))) return false;
  return wanted.every((tag) => tags.includes(tag));
}
