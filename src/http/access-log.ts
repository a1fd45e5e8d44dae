import { type GraphQLError, isObjectType } from 'graphql';
import type { Plugin } from 'graphql-yoga';
import type { AccessLog, Denial } from '../domains/auth/index.ts';
import { ForbiddenError, RateLimitedError, StepUpRequiredError } from '../kernel/errors.ts';
import type { GraphQLContext } from '../graphql/context.ts';
import { schema } from '../graphql/schema.ts';
import { rootCause } from './public-errors.ts';
import { originOf, stateOf } from './request-state.ts';

/**
 * Has written down what a request is refused, before the refusal is answered, and that an operator of the platform works
 * in an organization, before the operator is shown anything.
 */
export function useAccessLog(accessLog: AccessLog): Plugin<GraphQLContext> {
  const enter = async ({ args }: { args: { contextValue: GraphQLContext } }): Promise<void> => {
    const { principal, origin } = args.contextValue;
    if (principal) await accessLog.entered({ principal, origin });
  };
  return {
    onExecute: enter,
    onSubscribe: enter,
    async onResultProcess({ request, result }) {
      if (Array.isArray(result) || !('errors' in result) || !result.errors?.length) return;
      const state = stateOf(request);
      if (!state.principal?.tenant) return;
      const denials = denialsIn(result.errors);
      if (denials.length > 0) await accessLog.denied({ principal: state.principal, origin: originOf(request) }, denials);
    },
  };
}

/** What was refused, each field once: a list of a hundred rows is one refusal. */
export function denialsIn(errors: readonly GraphQLError[]): Denial[] {
  const denials = errors.flatMap((error) => denialOf(error) ?? []);
  return [...new Map(denials.map((denial) => [nameOf(denial), denial])).values()];
}

/** Two with the same are the same refusal. */
export const nameOf = ({ field, permission, reason }: Denial): string => `${field} ${permission} ${reason}`;

function denialOf(error: GraphQLError): Denial | null {
  const thrown = rootCause(error);
  if (thrown instanceof ForbiddenError || thrown instanceof StepUpRequiredError) {
    // A use case refuses below a field of the root; what is refused deeper names its field.
    const [node] = error.nodes ?? [];
    const root = node?.kind === 'Field' ? rootField(node.name.value) : null;
    const { field = root, permission = null } = thrown.refused;
    if (thrown instanceof ForbiddenError) return { code: 'FORBIDDEN', field, permission, reason: thrown.message };
    // How a person guards the own account is nothing that an organization is told.
    return isPersonal(field) ? null : { code: 'STEP_UP_REQUIRED', field, permission, reason: thrown.message };
  }
  // One with a path is about something else than the caller: an address that somebody signs in with.
  if (!(thrown instanceof RateLimitedError) || error.path !== undefined) return null;
  return { code: 'RATE_LIMITED', field: null, permission: null, reason: thrown.message };
}

/** A field of a root, whichever has it: no two roots have one of the same name. */
function rootField(name: string): string {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const root = roots.find((each) => each && name in each.getFields());
  return `${root?.name ?? 'Query'}.${name}`;
}

/** Whether a field, as `Type.field`, belongs to no organization. */
function isPersonal(field: string | null): boolean {
  const [typeName = '', name = ''] = field?.split('.') ?? [];
  const type = schema.getType(typeName);
  return isObjectType(type) && type.getFields()[name]?.extensions['tenant'] === 'global';
}
