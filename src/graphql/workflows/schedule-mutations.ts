import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { serviceContext } from '../context.ts';
import { CHANGE_ERRORS } from '../errors.ts';
import { byId, orNotFound } from '../own-row.ts';
import { NULL_ON_ERROR } from '../semantic-non-null.ts';
import { ScheduleType } from './schedule.ts';

/** The success of a mutation that leaves a schedule behind. */
function scheduleSuccess(name: string, description: string) {
  return builder.objectRef<{ scheduleId: string }>(name).implement({
    description,
    tenant: 'scoped',
    access: 'workflow:write',
    fields: (t) => ({
      schedule: t.prismaField({
        type: ScheduleType,
        description: 'The schedule as it is now.',
        resolve: (query, { scheduleId }, _args, { db }) =>
          orNotFound(db.schedule.findFirst(byId(query, scheduleId)), 'Schedule'),
      }),
    }),
  });
}

const CRON = 'When, as five fields of cron (minute, hour, day of month, month, day of week), for example "0 9 * * 1-5".';

const CreateScheduleInput = builder.inputType('CreateScheduleInput', {
  description: 'A new schedule of a workflow, which may have 100.',
  fields: (t) => ({
    workflowId: t.id({ required: true, description: 'The workflow to run.' }),
    name: t.string({ required: true, description: 'What it is called: 1 to 255 characters.' }),
    cron: t.string({ required: true, description: CRON }),
    timezone: t.string({ description: 'The time zone the cron expression is read in, as the IANA database names it. UTC when not given.' }),
    input: t.field({ type: 'JSON', description: 'What the workflow is given: a JSON object.' }),
    enabled: t.boolean({ description: 'Whether it is in force. True when not given.' }),
    idempotencyKey: t.string({ description: 'A text of your own, at most 255 characters: a repetition within 24 hours answers with the same schedule and makes no second one.' }),
  }),
});

builder.mutationField('createSchedule', (t) =>
  t.field({
    type: scheduleSuccess('CreateScheduleSuccess', 'The schedule was made.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:write',
    description: 'Makes a workflow run by itself.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: CreateScheduleInput, required: true, description: 'What to make.' }) },
    resolve: (_root, { input }, context) => context.services.schedules.create(serviceContext(context), input),
  }),
);

const UpdateScheduleInput = builder.inputType('UpdateScheduleInput', {
  description: 'What to change of a schedule. What is not given stays.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'The schedule.' }),
    name: t.string({ description: 'What it is called: 1 to 255 characters.' }),
    cron: t.string({ description: CRON }),
    timezone: t.string({ description: 'The time zone the cron expression is read in.' }),
    input: t.field({ type: 'JSON', description: 'What the workflow is given: a JSON object.' }),
    enabled: t.boolean({ description: 'Whether it is in force.' }),
  }),
});

builder.mutationField('updateSchedule', (t) =>
  t.field({
    type: scheduleSuccess('UpdateScheduleSuccess', 'The schedule was changed.'),
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:write',
    description: 'Changes a schedule; its next run is worked out anew.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: UpdateScheduleInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, context) => context.services.schedules.update(serviceContext(context), input),
  }),
);

const DeleteScheduleInput = builder.inputType('DeleteScheduleInput', {
  description: 'Which schedule to delete.',
  fields: (t) => ({ id: t.id({ required: true, description: 'The schedule.' }) }),
});

const DeleteScheduleSuccess = builder.objectRef<{ scheduleId: string }>('DeleteScheduleSuccess').implement({
  description: 'The schedule is gone. Executions it began stay.',
  tenant: 'scoped',
  access: 'workflow:write',
  fields: (t) => ({
    scheduleId: t.id({ description: 'Which one is gone.', resolve: ({ scheduleId }) => toGlobalId('Schedule', scheduleId) }),
  }),
});

builder.mutationField('deleteSchedule', (t) =>
  t.field({
    type: DeleteScheduleSuccess,
    ...NULL_ON_ERROR,
    tenant: 'scoped',
    access: 'workflow:write',
    description: 'Deletes a schedule for good.',
    errors: { types: CHANGE_ERRORS },
    args: { input: t.arg({ type: DeleteScheduleInput, required: true, description: 'Which one.' }) },
    resolve: (_root, { input }, context) => context.services.schedules.remove(serviceContext(context), input),
  }),
);
