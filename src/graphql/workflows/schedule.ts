import { toGlobalId } from '../../kernel/ids.ts';
import { builder } from '../builder.ts';
import { connectionType } from '../connections/types.ts';
import { MemberType } from '../members/member.ts';
import { NodeInterface, registerNode } from '../node.ts';
import { StoredJson } from '../stored-json.ts';

export const ScheduleType = builder.prismaObject('Schedule', {
  description: 'When a workflow runs by itself.',
  tenant: 'scoped',
  access: 'workflow:read',
  interfaces: [NodeInterface],
  select: { orgId: true, id: true },
  fields: (t) => ({
    id: t.id({ description: 'The global id.', resolve: (row) => toGlobalId('Schedule', row.id) }),
    name: t.exposeString('name', { description: 'What it is called: 1 to 255 characters.' }),
    cron: t.exposeString('cron', { description: 'When, as five fields of cron: minute, hour, day of month, month, day of week.' }),
    timezone: t.exposeString('timezone', { description: 'The time zone the cron expression is read in, as the IANA database names it.' }),
    input: t.field({
      type: 'JSONObject',
      description: 'What the workflow is given.',
      select: { input: true },
      resolve: (row) => new StoredJson(row.input),
    }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether it is in force.' }),
    nextRunAt: t.expose('nextRunAt', { type: 'DateTime', nullable: true, description: 'When it runs next; null while it is not in force.' }),
    lastRunAt: t.expose('lastRunAt', { type: 'DateTime', nullable: true, description: 'When it last ran.' }),
    workflow: t.relation('workflow', { description: 'The workflow it runs.' }),
    createdBy: t.relation('createdBy', { type: MemberType, nullable: true, description: 'Who made it.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was made.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When it last changed.' }),
  }),
});

registerNode('Schedule', { access: 'workflow:read', delegate: ({ db }) => db.schedule });

export const ScheduleConnection = connectionType('Schedule', ScheduleType, 'workflow:read');
