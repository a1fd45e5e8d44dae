import './types.ts';
import './prisma-fields.ts';
import SchemaBuilder, {
  BasePlugin,
  completeValue,
  isThenable,
  PothosSchemaError,
  unwrapOutputFieldType,
  type PothosOutputFieldConfig,
  type PothosTypeConfig,
  type SchemaTypes,
} from '@pothos/core';
import type { PothosPrismaDatamodel } from '@pothos/plugin-prisma';
import type { GraphQLFieldResolver } from 'graphql';
import { TenantViolationError } from '../../../kernel/errors.ts';
import { scopedModels, type ScopedModels } from './models.ts';
import type { TenantMode, TenantScopeOptions } from './types.ts';
import { isRecord, reachesRelations, scopeSelectionMap } from './where.ts';

const PLUGIN = 'tenantScope';
export default PLUGIN;

const ROOTS: ReadonlySet<string> = new Set(['Query', 'Mutation', 'Subscription']);

type Resolver<Context> = GraphQLFieldResolver<unknown, Context & object, object, unknown>;
type Selector = (args: object, context: object, ...rest: unknown[]) => unknown;

/**
 * The first wall between tenants. What is not declared does not build; the where of every Prisma field, list relation,
 * relation count and connection carries the organization of the request; and every row that a resolver returns is
 * checked to belong to it before any of its fields is read.
 */
export class TenantScopePlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  private models: ScopedModels | undefined;

  private get scope(): TenantScopeOptions<Types['Context']> {
    return this.builder.options.tenantScope;
  }

  private enforced(context: Types['Context']): boolean {
    return this.scope.enforced?.(context) ?? true;
  }

  private modelsOfSchema(): ScopedModels {
    this.models ??= scopedModels((this.builder.options as { prisma: { dmmf: PothosPrismaDatamodel } }).prisma.dmmf);
    return this.models;
  }

  override onTypeConfig(typeConfig: PothosTypeConfig): PothosTypeConfig {
    const tenant = typeConfig.pothosOptions.tenant;
    const model = modelOf(typeConfig);
    if (model) this.checkPrismaType(typeConfig, model, tenant);
    if (typeConfig.kind !== 'Object') return typeConfig;
    if (!tenant) throw new PothosSchemaError(`Type ${typeConfig.name} does not declare its tenant ('scoped', 'global' or 'platform').`);
    return { ...typeConfig, extensions: { ...typeConfig.extensions, tenant } };
  }

  /** A type over a tenant's model is scoped, selects the columns that prove whose row it is, and no relation unscoped. */
  private checkPrismaType(typeConfig: PothosTypeConfig, model: string, tenant: TenantMode | undefined): void {
    const tenantKey = this.modelsOfSchema().get(model)?.tenantKey;
    if (!tenantKey) return;
    if (tenant === 'global') throw new PothosSchemaError(`Type ${typeConfig.name} shows the tenant model ${model}: it cannot be global.`);
    const select = typeConfig.extensions?.['pothosPrismaSelect'];
    if (!isRecord(select) || select[tenantKey] !== true) {
      throw new PothosSchemaError(`Type ${typeConfig.name} must have \`select: { ${tenantKey}: true, ... }\`: its rows are checked by it.`);
    }
    if (reachesRelations(this.modelsOfSchema(), model, select)) {
      throw new PothosSchemaError(`Type ${typeConfig.name} selects a relation for every request: select it in a field, where it gets its tenant.`);
    }
  }

  override onOutputFieldConfig(fieldConfig: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const tenant = fieldConfig.pothosOptions.tenant;
    if (ROOTS.has(fieldConfig.kind) && !tenant) {
      throw new PothosSchemaError(`Field ${fieldConfig.parentType}.${fieldConfig.name} does not declare its tenant ('scoped', 'global' or 'platform').`);
    }
    const extensions: Record<string, unknown> = { ...fieldConfig.extensions, ...(tenant ? { tenant } : {}) };
    if (fieldConfig.kind === 'PrismaObject' && extensions['pothosPrismaSelect']) {
      const model = modelOf(this.buildCache.getTypeConfig(fieldConfig.parentType));
      extensions['pothosPrismaSelect'] = this.scopeFieldSelection(model!, extensions['pothosPrismaSelect']);
    }
    return { ...fieldConfig, extensions };
  }

  /** A field's own selection of its row, with the tenant in every relation it reaches. */
  private scopeFieldSelection(model: string, selection: unknown): unknown {
    const models = this.modelsOfSchema();
    const scope = (context: object, map: unknown) =>
      isRecord(map) && this.enforced(context) ? scopeSelectionMap(models, model, map, this.scope.orgId(context)) : map;
    if (typeof selection === 'function') {
      return (args: object, context: object, ...rest: unknown[]) =>
        completeValue((selection as Selector)(args, context, ...rest), (query) =>
          isRecord(query) ? { ...query, select: scope(context, query['select']) } : query,
        );
    }
    if (!isRecord(selection) || !reachesRelations(models, model, selection)) return selection;
    return (_args: object, context: object) => ({ select: scope(context, selection) });
  }

  override wrapResolve(
    resolver: GraphQLFieldResolver<unknown, Types['Context'], object, unknown>,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object, unknown> {
    const type = unwrapOutputFieldType(fieldConfig.type);
    const typeConfig = this.buildCache.getTypeConfig(type);
    const model = modelOf(typeConfig);
    const tenantKey = model ? this.modelsOfSchema().get(model)?.tenantKey : undefined;
    const needsTenant = ROOTS.has(fieldConfig.kind) && fieldConfig.pothosOptions.tenant === 'scoped';
    if (!tenantKey && !needsTenant) return resolver;
    return this.guard(resolver, tenantKey ?? null, typeConfig.name);
  }

  /** Nothing of an organization is followed without one. */
  override wrapSubscribe(
    subscribe: Resolver<Types['Context']> | undefined,
    fieldConfig: PothosOutputFieldConfig<Types>,
  ): Resolver<Types['Context']> | undefined {
    if (subscribe === undefined || fieldConfig.pothosOptions.tenant !== 'scoped') return subscribe;
    return this.guard(subscribe, null, fieldConfig.name);
  }

  /** Runs a resolver only with a tenant, and lets only the tenant's rows out of it. */
  private guard(resolver: Resolver<Types['Context']>, tenantKey: string | null, typeName: string): Resolver<Types['Context']> {
    return (parent, args, context, info) => {
      const orgId = this.scope.orgId(context);
      const result = resolver(parent, args, context, info);
      if (!tenantKey || !this.enforced(context)) return result;
      const check = (value: unknown) => assertRowsOf(value, tenantKey, orgId, typeName);
      return isThenable(result) ? result.then(check) : check(result);
    };
  }
}

/** The Prisma model whose rows a type shows, be it an object or an interface. */
const modelOf = ({ extensions }: PothosTypeConfig): string | undefined => extensions?.['pothosPrismaModel'] as string | undefined;

/** The value itself, once each row in it is known to be the organization's. A row that does not say is not let out. */
function assertRowsOf(value: unknown, tenantKey: string, orgId: string, typeName: string): unknown {
  if (Array.isArray(value)) {
    for (const row of value) assertRowsOf(row, tenantKey, orgId, typeName);
  } else if (isRecord(value) && !(value instanceof Error) && value[tenantKey] !== orgId) {
    throw new TenantViolationError(`a resolver returned a ${typeName} that is not of the organization of its request`);
  }
  return value;
}

SchemaBuilder.registerPlugin(PLUGIN, TenantScopePlugin);
