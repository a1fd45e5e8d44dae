import { type AuditEvent, type AuditKinds, changesOf } from '../events/index.ts';

/** What is written down about workflows. Their documents are not in the log: each version is kept where it is. */
export const workflowEvents = {
  created: { type: 'WORKFLOW.CREATED', when: 'A workflow was made.' },
  updated: { type: 'WORKFLOW.UPDATED', when: 'Its name, description, status or definition was changed.' },
  deleted: { type: 'WORKFLOW.DELETED', when: 'A workflow was deleted, with all that belonged to it.' },
} as const satisfies AuditKinds;

/** What is written down about schedules. What they hand to a run may hold a secret, so only that it changed is. */
export const scheduleEvents = {
  created: { type: 'SCHEDULE.CREATED', when: 'A schedule was made.' },
  updated: { type: 'SCHEDULE.UPDATED', when: 'Its name, timing or input was changed, or it was switched on or off.' },
  deleted: { type: 'SCHEDULE.DELETED', when: 'A schedule was deleted.' },
} as const satisfies AuditKinds;

type Timing = Readonly<Record<string, string | boolean | Date | null | undefined>>;

/** That a schedule was changed, if it was. */
export function scheduleUpdated(
  id: string,
  { workflowId, ...before }: Timing & { readonly workflowId: string },
  after: Timing,
  inputReplaced: boolean,
): AuditEvent[] {
  const changes = changesOf(before, after);
  if (changes === null && !inputReplaced) return [];
  const concerning = [{ type: 'Workflow', id: workflowId }] as const;
  const data = { ...changes, ...(inputReplaced && { inputReplaced }) };
  return [{ kind: scheduleEvents.updated, about: { type: 'Schedule', id }, concerning, data }];
}
