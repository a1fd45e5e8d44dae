export { workflowEvents } from './events.ts';
export type { CreateScheduleInput, DeleteScheduleInput, UpdateScheduleInput } from './schedule.input.ts';
export { nextRun } from './schedule.rules.ts';
export { createScheduleService, type ScheduleService } from './schedule.service.ts';
export type { CreateWorkflowInput, DeleteWorkflowInput, UpdateWorkflowInput } from './workflow.input.ts';
export { createWorkflowService, type WorkflowService } from './workflow.service.ts';
