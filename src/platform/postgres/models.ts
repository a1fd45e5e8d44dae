import { getDatamodel } from './generated/pothos.ts';

/** Whose rows a model holds: an organization's, or a person's own. */
export type ScopeKind = 'organization' | 'user';

export interface Relation {
  readonly name: string;
  readonly target: string;
  readonly isList: boolean;
  /** The columns of this model that point at the target; empty when the target points here. */
  readonly foreignKey: readonly string[];
  /**
   * Whether the foreign key carries the scope, so that the two ends always belong to the same organization or person.
   * Where it does not (a person's memberships in many organizations) the database alone cannot hold the two together.
   */
  readonly held: boolean;
}

export interface ScopedModel {
  readonly name: string;
  readonly kind: ScopeKind;
  /** The field that says whose row it is. */
  readonly field: string;
  readonly fields: ReadonlySet<string>;
  readonly relations: ReadonlyMap<string, Relation>;
  /** Every unique key by the name that Prisma gives it, with its fields. */
  readonly uniqueKeys: ReadonlyMap<string, readonly string[]>;
}

export type ScopedModels = ReadonlyMap<string, ScopedModel>;

type Datamodel = Pick<ReturnType<typeof getDatamodel>, 'datamodel'>;
type DatamodelModel = Datamodel['datamodel']['models'][string];

// What belongs to a tenant says so with its orgId. These belong to somebody in another way.
const exceptions: Readonly<Record<string, { readonly kind: ScopeKind; readonly field: string }>> = {
  Organization: { kind: 'organization', field: 'id' },
  User: { kind: 'user', field: 'id' },
  Session: { kind: 'user', field: 'userId' },
};

const scopeOf = (name: string, model: DatamodelModel): { kind: ScopeKind; field: string } => {
  const scope = exceptions[name] ?? { kind: 'organization', field: 'orgId' };
  const field = model.fields.find((candidate) => candidate.name === scope.field);
  if (field?.kind === 'scalar' && field.type === 'String' && field.isRequired && !field.isList) return scope;
  throw new Error(
    `The model ${name} belongs to no tenant: give it a required orgId, or name it among the exceptions in models.ts.`,
  );
};

const relationsOf = (name: string, model: DatamodelModel, models: Datamodel['datamodel']['models']): Map<string, Relation> => {
  const relations = new Map<string, Relation>();
  for (const field of model.fields) {
    const target = models[field.type];
    if (target === undefined) continue;
    const foreignKey = field.relationFromFields ?? [];
    const opposite = target.fields.find(
      (candidate) => candidate.relationName === field.relationName && (candidate.relationFromFields ?? []).length > 0,
    );
    const owner = foreignKey.length > 0 ? scopeOf(name, model) : scopeOf(field.type, target);
    const owned = foreignKey.length > 0 ? foreignKey : (opposite?.relationFromFields ?? []);
    const sameKind = scopeOf(name, model).kind === scopeOf(field.type, target).kind;
    const held = sameKind && owned.includes(owner.field);
    relations.set(field.name, { name: field.name, target: field.type, isList: field.isList, foreignKey, held });
  }
  return relations;
};

const uniqueKeysOf = (model: DatamodelModel): Map<string, readonly string[]> => {
  const single = model.fields.filter((field) => field.isId || field.isUnique).map((field) => [field.name]);
  const compound = [model.primaryKey, ...model.uniqueIndexes].filter((index) => index !== null);
  return new Map([
    ...single.map((fields) => [fields.join('_'), fields] as const),
    ...compound.map((index) => [index.name ?? index.fields.join('_'), index.fields] as const),
  ]);
};

/**
 * Works out, for every model, by which field its rows belong to an organization or a person.
 *
 * @throws Error naming the model that belongs to neither.
 */
export function deriveModels({ datamodel: { models } }: Datamodel): ScopedModels {
  return new Map(
    Object.entries(models).map(([name, model]) => [
      name,
      {
        name,
        ...scopeOf(name, model),
        fields: new Set(model.fields.map((field) => field.name)),
        relations: relationsOf(name, model, models),
        uniqueKeys: uniqueKeysOf(model),
      },
    ]),
  );
}

/** The models of this server. */
export const scopedModels: ScopedModels = deriveModels(getDatamodel());
