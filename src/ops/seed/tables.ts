import { Cron } from 'croner';
import { idOf } from './ids.ts';
import type { LookAlikeOrganization, LookAlikeTask, LookAlikeWorkflow } from './look-alikes.ts';

/** A value as COPY writes it. */
export type Cell = string | number | boolean | Date | object | null;

/** A table that is filled by COPY, with the rows that one workflow brings; the organization is put in by the database. */
export interface SeedTable {
  readonly name: string;
  readonly columns: readonly string[];
  readonly rowsOf: (workflow: LookAlikeWorkflow, organization: LookAlikeOrganization) => readonly (readonly Cell[])[];
}

const HOUR_MS = 3_600_000;
const CRON = '0 9 * * 1-5';
/** When the schedules of the seed are due next: not all at once as soon as something runs them. */
const NEXT_RUN = new Cron(CRON, { timezone: 'UTC' }).nextRun();

const hoursAfter = (date: Date, hours: number): Date => new Date(date.getTime() + hours * HOUR_MS);

/** A Serverless Workflow 1.0 document. */
const definitionOf = ({ slug }: LookAlikeWorkflow, version: number, tasks: readonly LookAlikeTask[]): object => ({
  document: { dsl: '1.0.0', namespace: 'load', name: slug, version: `${version}.0.0` },
  do: tasks.map(({ key, config }) => ({ [key]: config })),
});

const taskId = (workflow: LookAlikeWorkflow, key: string): string => idOf(`${workflow.id} task ${key}`, workflow.createdAt);
const scheduleId = (workflow: LookAlikeWorkflow): string => idOf(`${workflow.id} schedule`, workflow.createdAt);

const workflows: SeedTable = {
  name: 'workflow.workflows',
  columns: ['id', 'name', 'slug', 'description', 'status', 'current_version', 'created_by_id', 'created_at', 'updated_at'],
  rowsOf: (workflow) => {
    const { id, name, slug, description, status, versions, authorId, createdAt, updatedAt } = workflow;
    return [[id, name, slug, description, status, versions, authorId, createdAt, updatedAt]];
  },
};

const versions: SeedTable = {
  name: 'workflow.workflow_versions',
  columns: ['id', 'workflow_id', 'version', 'definition', 'created_by_id', 'created_at'],
  rowsOf: (workflow) =>
    Array.from({ length: workflow.versions }, (_, index) => {
      const version = index + 1;
      const isCurrent = version === workflow.versions;
      // An earlier version had its last task not yet.
      const tasks = isCurrent ? workflow.tasks : workflow.tasks.slice(0, Math.max(1, workflow.tasks.length - 1));
      const createdAt = version === 1 ? workflow.createdAt : workflow.updatedAt;
      const id = idOf(`${workflow.id} version ${version}`, createdAt);
      return [id, workflow.id, version, definitionOf(workflow, version, tasks), workflow.authorId, createdAt];
    }),
};

const tasks: SeedTable = {
  name: 'workflow.tasks',
  columns: ['id', 'workflow_id', 'key', 'type', 'config', 'position', 'created_at', 'updated_at'],
  rowsOf: (workflow) =>
    workflow.tasks.map(({ key, type, config }, position) => {
      return [taskId(workflow, key), workflow.id, key, type, config, position, workflow.createdAt, workflow.updatedAt];
    }),
};

const schedules: SeedTable = {
  name: 'workflow.schedules',
  columns: ['id', 'workflow_id', 'name', 'cron', 'next_run_at', 'created_by_id', 'created_at', 'updated_at'],
  rowsOf: (workflow) => {
    if (!workflow.isScheduled) return [];
    const { id, name, authorId, createdAt, updatedAt } = workflow;
    return [[scheduleId(workflow), id, `${name}, on workdays`, CRON, NEXT_RUN, authorId, createdAt, updatedAt]];
  },
};

interface Execution {
  readonly id: string;
  readonly number: number;
  readonly failed: boolean;
  readonly startedAt: Date;
}

/** The executions of a workflow, all of them finished: nothing has to be taken up again by whoever runs workflows. */
const executionsOf = (workflow: LookAlikeWorkflow): Execution[] =>
  Array.from({ length: workflow.executions }, (_, number) => {
    const startedAt = hoursAfter(workflow.updatedAt, number + 1);
    return { id: idOf(`${workflow.id} run ${number}`, startedAt), number, failed: number === 2, startedAt };
  });

const FAILURE = { message: 'The other side did not answer in time.' };

const executions: SeedTable = {
  name: 'workflow.workflow_states',
  columns: ['id', 'workflow_id', 'version', 'schedule_id', 'triggered_by_id', 'status', 'input', 'output', 'error', 'engine_namespace', 'engine_run_id', 'started_at', 'finished_at', 'created_at', 'updated_at'],
  rowsOf: (workflow, { engineNamespace }) =>
    executionsOf(workflow).map(({ id, number, failed, startedAt }) => {
      const finishedAt = hoursAfter(startedAt, 0.5);
      const [schedule, person] = workflow.isScheduled ? [scheduleId(workflow), null] : [null, workflow.authorId];
      const [status, output, error] = failed ? ['failed', null, FAILURE] : ['completed', { handled: 40 + number }, null];
      const cause = [id, workflow.id, workflow.versions, schedule, person];
      return [...cause, status, { batch: number }, output, error, engineNamespace, id, startedAt, finishedAt, startedAt, finishedAt];
    }),
};

const taskExecutions: SeedTable = {
  name: 'workflow.task_states',
  columns: ['id', 'workflow_state_id', 'task_id', 'task_key', 'status', 'error', 'started_at', 'finished_at', 'created_at', 'updated_at'],
  rowsOf: (workflow) =>
    executionsOf(workflow).flatMap((execution) =>
      workflow.tasks.map(({ key }, place) => {
        const { id, failed, startedAt: from } = execution;
        const [startedAt, finishedAt] = [hoursAfter(from, place / 200), hoursAfter(from, (place + 1) / 200)];
        const hasFailed = failed && place === workflow.tasks.length - 1;
        const outcome = hasFailed ? ['failed', FAILURE] : ['completed', null];
        return [idOf(`${id} ${key}`, from), id, taskId(workflow, key), key, ...outcome, startedAt, finishedAt, startedAt, finishedAt];
      }),
    ),
};

/** In the order in which they refer to each other. */
export const SEED_TABLES: readonly SeedTable[] = [workflows, versions, tasks, schedules, executions, taskExecutions];
