import { type GraphQLSchema, specifiedDirectives } from 'graphql';
import { builder } from './builder.ts';
import { SemanticNonNullDirective } from './semantic-non-null.ts';
import './errors.ts';
import './node.ts';
import './viewer/viewer.ts';
import './sessions/session-mutations.ts';
import './organizations/organization.ts';
import './members/member.ts';
import './members/member-mutations.ts';
import './api-keys/api-key.ts';
import './api-keys/api-key-mutations.ts';
import './workflows/workflow.ts';
import './workflows/workflow-mutations.ts';
import './workflows/schedule.ts';
import './workflows/schedule-mutations.ts';
import './workflows/execution.ts';
import './events/event.ts';
import './events/events.ts';
import './events/append-events.ts';
import './events/history.ts';
import './events/event-appended.ts';
import './events/entity-changes.ts';

/** The whole schema. Throws, with the name, when a type or root field does not declare its tenant and access. */
export const schema: GraphQLSchema = builder.toSchema({ directives: [...specifiedDirectives, SemanticNonNullDirective] });
