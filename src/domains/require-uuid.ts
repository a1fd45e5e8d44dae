import { NotFoundError } from '../kernel/errors.ts';
import { type NodeType, uuidOf } from '../kernel/ids.ts';

const LABELS: Partial<Record<NodeType, string>> = { ApiKey: 'API key' };

/** NOT_FOUND for one type: the same object for an id that is malformed, unknown, or another organization's. */
export function notFound(type: NodeType): NotFoundError {
  return new NotFoundError(LABELS[type] ?? type);
}

/** The UUID behind a global id of one type. Throws NOT_FOUND for anything else. */
export function requireUuid(type: NodeType, id: string): string {
  const uuid = uuidOf(type, id);
  if (uuid === null) throw notFound(type);
  return uuid;
}
