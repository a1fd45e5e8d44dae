/**
 * The nouns of what the server writes down by itself. Events of these are the audit: nobody else appends one, so that
 * none can be forged. Some are here before they are used, because a noun that was once free cannot be taken back.
 */
export const AUDIT_NOUNS = [
  'ACCESS',
  'API_KEY',
  'AUDIT',
  'DEPLOYMENT',
  'EVENT',
  'EVENTS',
  'EXECUTION',
  'INVITATION',
  'MEMBER',
  'OPERATOR',
  'ORGANIZATION',
  'PLATFORM',
  'SCHEDULE',
  'SESSION',
  'USER',
  'WORKFLOW',
] as const;

export type AuditNoun = (typeof AUDIT_NOUNS)[number];

/** One kind of thing that the server writes down. */
export interface AuditKind {
  readonly type: `${AuditNoun}.${string}`;
  /** When it is written, as one sentence: docs/audit.md shows it. */
  readonly when: string;
}

/** All kinds of a domain, in the `events.ts` beside it. */
export type AuditKinds = Readonly<Record<string, AuditKind>>;

/** Whether an event of this type is one of the server's own, which only `audit:read` shows. */
export function isAuditType(type: string): boolean {
  const [noun] = type.split('.');
  return (AUDIT_NOUNS as readonly (string | undefined)[]).includes(noun);
}
