import { TypeID } from 'typeid-js';

/**
 * Global ids are TypeIDs (the TypeID specification 0.3): a prefix that says the type and a UUID in base 32, for example
 * `wf_01k2...`. They sort by creation, survive a double click, and name no organization but an organization's own.
 */
export const ID_PREFIXES = {
  Organization: 'org',
  Member: 'mem',
  ApiKey: 'key',
  Invitation: 'inv',
  Session: 'ses',
  Workflow: 'wf',
  WorkflowVersion: 'wfv',
  Task: 'task',
  Schedule: 'sched',
  WorkflowExecution: 'run',
  TaskExecution: 'step',
  Event: 'evt',
} as const;

export type NodeType = keyof typeof ID_PREFIXES;

const TYPES_BY_PREFIX = new Map<string, NodeType>(
  (Object.keys(ID_PREFIXES) as NodeType[]).map((type) => [ID_PREFIXES[type], type]),
);

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether a text is a UUID in the one form that this server writes: lower case with hyphens. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The global id of a row. */
export function toGlobalId(type: NodeType, uuid: string): string {
  return TypeID.fromUUID(ID_PREFIXES[type], uuid).toString();
}

/**
 * The type and UUID behind a global id, or null for anything else: a malformed id is treated like one that is unknown,
 * so that the answer tells nothing about what ids look like elsewhere.
 */
export function fromGlobalId(id: string): { readonly type: NodeType; readonly uuid: string } | null {
  if (id.length > 64) return null;
  try {
    const parsed = TypeID.fromString(id);
    const type = TYPES_BY_PREFIX.get(parsed.getType());
    const uuid = parsed.toUUID();
    return type && isUuid(uuid) && toGlobalId(type, uuid) === id ? { type, uuid } : null;
  } catch {
    return null;
  }
}

/** The UUID behind a global id of one type, or null. */
export function uuidOf(type: NodeType, id: string): string | null {
  const parsed = fromGlobalId(id);
  return parsed?.type === type ? parsed.uuid : null;
}
