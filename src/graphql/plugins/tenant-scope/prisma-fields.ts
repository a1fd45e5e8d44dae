import '@pothos/plugin-prisma';
import { RootFieldBuilder, type SchemaTypes } from '@pothos/core';
import type { PothosPrismaDatamodel } from '@pothos/plugin-prisma';
import { scopedModels } from './models.ts';
import type { TenantScopeOptions } from './types.ts';
import { withTenant } from './where.ts';

/**
 * Pothos hands the resolver of a Prisma field the query it merged from the document. These wrappers put the tenant into
 * that query's where first, so that `findMany(query)` is scoped although nobody wrote it. What is selected under it carries
 * the tenant already: each field's own selection does.
 */

type QueryResolver = (query: Record<string, unknown>, parent: unknown, args: unknown, context: object, info: unknown) => unknown;
interface PrismaFieldOptions {
  readonly type: unknown;
  readonly resolve: QueryResolver;
}
type DefineField = (this: FieldBuilder, options: PrismaFieldOptions, ...rest: unknown[]) => unknown;
interface FieldBuilder {
  readonly builder: PothosSchemaTypes.SchemaBuilder<SchemaTypes>;
}

const prototype = RootFieldBuilder.prototype as unknown as Record<'prismaField' | 'prismaConnection', DefineField>;

for (const method of ['prismaField', 'prismaConnection'] as const) {
  const define = prototype[method];
  prototype[method] = function scopedPrismaField(options, ...rest) {
    return define.call(this, { ...options, resolve: scopeQuery(this, options) }, ...rest);
  };
}

function scopeQuery(field: FieldBuilder, { type, resolve }: PrismaFieldOptions): QueryResolver {
  const { tenantScope: scope, prisma } = field.builder.options as unknown as {
    tenantScope: TenantScopeOptions<object>;
    prisma: { dmmf: PothosPrismaDatamodel };
  };
  const models = scopedModels(prisma.dmmf);
  return (query, parent, args, context, info) => {
    const tenantKey = models.get(modelOf(field.builder, type))?.tenantKey;
    if (!tenantKey || (scope.enforced && !scope.enforced(context))) return resolve(query, parent, args, context, info);
    return resolve({ ...query, where: withTenant(query['where'] as never, tenantKey, scope.orgId(context)) }, parent, args, context, info);
  };
}

function modelOf(builder: PothosSchemaTypes.SchemaBuilder<SchemaTypes>, type: unknown): string {
  const ref = Array.isArray(type) ? type[0] : type;
  if (typeof ref === 'string') return ref;
  return builder.configStore.getTypeConfig(ref as never).extensions?.['pothosPrismaModel'] as string;
}
