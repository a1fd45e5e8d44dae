import type { PothosPrismaDatamodel } from '@pothos/plugin-prisma';

export interface ScopedModel {
  /** The field that names the organization: `orgId`, or `id` of the organization itself. Null: not a tenant's model. */
  readonly tenantKey: 'orgId' | 'id' | null;
  readonly relations: ReadonlyMap<string, { readonly model: string; readonly isList: boolean }>;
}

export type ScopedModels = ReadonlyMap<string, ScopedModel>;

/** Which field names the tenant in each model of the datamodel, and how the models hang together. */
export function scopedModels(dmmf: PothosPrismaDatamodel): ScopedModels {
  const entries = Object.entries(dmmf.datamodel.models);
  return new Map(
    entries.map(([name, { fields }]) => {
      const tenantKey = name === 'Organization' ? 'id' : fields.some((field) => field.name === 'orgId') ? 'orgId' : null;
      const relations = fields
        .filter((field) => field.kind === 'object')
        .map((field) => [field.name, { model: field.type, isList: field.isList }] as const);
      return [name, { tenantKey, relations: new Map(relations) }];
    }),
  );
}
