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
import { ForbiddenError, TenantContextError, UnauthenticatedError } from '../../../kernel/errors.ts';
import type { Principal } from '../../../kernel/principal.ts';
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
    const access = fieldConfig.pothosOptions.access;
    if (access) return { ...fieldConfig, extensions: { ...fieldConfig.extensions, access } };
    if (ROOTS.has(fieldConfig.kind)) {
      throw new PothosSchemaError(`Field ${fieldConfig.parentType}.${fieldConfig.name} does not declare its access.`);
    }
    return fieldConfig;
  }

  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object, unknown>,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object, unknown> {
    const locks = this.locksOf(fieldConfig);
    if (locks.length === 0) return resolver;
    const { principal } = this.builder.options.access;
    return (parent, args, context, info) => {
      const caller = principal(context);
      for (const lock of locks) assertAccess(caller, lock);
      return resolver(parent, args, context, info);
    };
  }

  /** The field's own lock, and that of the type it leads to. */
  private locksOf(fieldConfig: PothosOutputFieldConfig<Types>): readonly Access[] {
    const type = this.buildCache.getTypeConfig(unwrapOutputFieldType(fieldConfig.type));
    const own = fieldConfig.pothosOptions.access;
    const target = type.kind === 'Object' ? type.pothosOptions.access : undefined;
    return [...new Set([own, target])].filter((lock): lock is Access => lock !== undefined && lock !== 'public');
  }
}

/** Throws UNAUTHENTICATED, TENANT_CONTEXT_REQUIRED or FORBIDDEN when the caller does not pass. */
export function assertAccess(caller: Principal | null, access: Access): void {
  if (access === 'public') return;
  if (!caller) throw new UnauthenticatedError();
  if (access === 'authenticated') return;
  if (access !== 'platform:admin' && !caller.tenant) throw new TenantContextError();
  if (access !== 'member' && !caller.permissions.has(access)) throw new ForbiddenError();
}

SchemaBuilder.registerPlugin(PLUGIN, AccessPlugin);
