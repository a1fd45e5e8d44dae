import './types.ts';
import SchemaBuilder, {
  BasePlugin,
  PothosSchemaError,
  unwrapOutputFieldType,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { GraphQLFieldResolver } from 'graphql';
import { ForbiddenError, UnauthenticatedError } from '../../../kernel/errors.ts';
import { noTenant, type Principal } from '../../../kernel/principal.ts';
import { assertStepUp } from '../../../kernel/step-up.ts';
import type { Access } from './types.ts';

export type { Access } from './types.ts';

const PLUGIN = 'access';
export default PLUGIN;

const ROOTS: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

/**
 * Declared locks: every root field and every object type says who may reach it, as a plain word that a snapshot can
 * hold. The check is the outermost wrapper of a resolver, so that nothing about the arguments is told to somebody who
 * may not ask, and it is synchronous, because it runs for every field that returns an object.
 */
export class AccessPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onTypeConfig(typeConfig: PothosTypeConfig): PothosTypeConfig {
    if (typeConfig.kind !== 'Object') return typeConfig;
    const access = typeConfig.pothosOptions.access;
    if (!access) throw new PothosSchemaError(`Type ${typeConfig.name} does not declare its access.`);
    return { ...typeConfig, extensions: { ...typeConfig.extensions, access } };
  }

  override onOutputFieldConfig(fieldConfig: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const { access, stepUp } = fieldConfig.pothosOptions;
    const field = `${fieldConfig.parentType}.${fieldConfig.name}`;
    if (!access && ROOTS.has(fieldConfig.kind)) throw new PothosSchemaError(`Field ${field} does not declare its access.`);
    if (stepUp && (!access || access === 'public')) {
      throw new PothosSchemaError(`Field ${field} asks for a step-up, so its access has to ask for a caller.`);
    }
    return { ...fieldConfig, extensions: { ...fieldConfig.extensions, ...(access && { access }), ...(stepUp && { stepUp }) } };
  }

  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object, unknown>,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object, unknown> {
    const lock = this.lockOf(fieldConfig);
    if (lock === undefined || lock === 'public') return resolver;
    const { principal, renew, now } = this.builder.options.access;
    const { stepUp } = fieldConfig.pothosOptions;
    const field = `${fieldConfig.parentType}.${fieldConfig.name}`;
    const check = (context: Types['Context']) => {
      const caller = principal(context);
      assertAccess(caller, lock, field);
      // Second: who may not do it at all is not asked to prove anything.
      if (stepUp) assertStepUp(caller, now(context), field);
    };
    // Mutations run one after another: each asks anew, so that rights taken away meanwhile end the rest of them.
    if (fieldConfig.kind === 'Mutation' && renew) {
      return async (parent, args, context, info) => {
        await renew(context);
        check(context);
        return resolver(parent, args, context, info);
      };
    }
    return (parent, args, context, info) => {
      check(context);
      return resolver(parent, args, context, info);
    };
  }

  /** A subscription is refused before anything is followed, and each of its events is asked for as a field. */
  override wrapSubscribe(
    subscribe: GraphQLFieldResolver<unknown, Types['Context'], object, unknown> | undefined,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object, unknown> | undefined {
    const lock = this.lockOf(fieldConfig);
    if (subscribe === undefined || lock === undefined || lock === 'public') return subscribe;
    const { principal } = this.builder.options.access;
    const field = `${fieldConfig.parentType}.${fieldConfig.name}`;
    return (parent, args, context, info) => {
      assertAccess(principal(context), lock, field);
      return subscribe(parent, args, context, info);
    };
  }

  /** The field's own lock, else that of the type it leads to. */
  private lockOf(fieldConfig: PothosOutputFieldConfig<Types>): Access | undefined {
    const type = this.buildCache.getTypeConfig(unwrapOutputFieldType(fieldConfig.type));
    return fieldConfig.pothosOptions.access ?? (type.kind === 'Object' ? type.pothosOptions.access : undefined);
  }
}

/**
 * Throws UNAUTHENTICATED, TENANT_CONTEXT_REQUIRED or FORBIDDEN when the caller does not pass.
 *
 * @param field what is asked for, as `Type.field`: a refusal is written down with it.
 */
export function assertAccess(caller: Principal | null, access: Access, field?: string): void {
  if (access === 'public') return;
  if (!caller) throw new UnauthenticatedError();
  if (access === 'authenticated') return;
  if (access !== 'platform:admin' && !caller.tenant) throw noTenant(caller);
  if (access === 'member' || caller.permissions.has(access)) return;
  throw new ForbiddenError(undefined, { permission: access, ...(field !== undefined && { field }) });
}

SchemaBuilder.registerPlugin(PLUGIN, AccessPlugin);
