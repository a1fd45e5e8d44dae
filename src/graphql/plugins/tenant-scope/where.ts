import { TenantViolationError } from '../../../kernel/errors.ts';
import type { ScopedModels } from './models.ts';

type Where = Readonly<Record<string, unknown>>;
type Selection = Readonly<Record<string, unknown>>;

/**
 * A where clause with the tenant in it. A clause that already names another organization is a defect of a resolver and
 * is refused, not corrected: quietly answering something else than what was asked hides the defect.
 */
export function withTenant(where: Where | undefined, tenantKey: string, orgId: string): Where {
  const named = where?.[tenantKey];
  if (named !== undefined && named !== orgId) {
    throw new TenantViolationError('a resolver asked for another organization than the one of its request');
  }
  return { ...where, [tenantKey]: orgId };
}

/** A `{select, include, where, ...}` query with the tenant in the where of every list relation and relation count. */
export function scopeNested<Query extends Selection>(models: ScopedModels, model: string, query: Query, orgId: string): Query {
  const scoped: Record<string, unknown> = { ...query };
  for (const key of ['select', 'include'] as const) {
    const map = query[key];
    if (isRecord(map)) scoped[key] = scopeSelectionMap(models, model, map, orgId);
  }
  return scoped as Query;
}

/** The contents of a `select` or `include` with the tenant in every list relation and relation count below. */
export function scopeSelectionMap(models: ScopedModels, model: string, map: Selection, orgId: string): Selection {
  const relations = models.get(model)?.relations;
  const scoped: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(map)) {
    const relation = relations?.get(name);
    if (name === '_count' && value) scoped[name] = scopeCounts(models, model, value, orgId);
    else if (!relation || !value) scoped[name] = value;
    else scoped[name] = scopeRelation(models, relation, isRecord(value) ? value : {}, orgId);
  }
  return scoped;
}

function scopeRelation(
  models: ScopedModels,
  relation: { model: string; isList: boolean },
  query: Selection,
  orgId: string,
): Selection | true {
  const nested = scopeNested(models, relation.model, query, orgId);
  const tenantKey = models.get(relation.model)?.tenantKey;
  // A to-one relation takes no where in Prisma: there the composite foreign key holds, and the check of the answer.
  if (!relation.isList || !tenantKey) return Object.keys(nested).length > 0 ? nested : true;
  return { ...nested, where: withTenant(nested['where'] as Where | undefined, tenantKey, orgId) };
}

function scopeCounts(models: ScopedModels, model: string, counts: unknown, orgId: string): Selection {
  const relations = models.get(model)?.relations ?? new Map();
  const named = isRecord(counts) && isRecord(counts['select']) ? counts['select'] : undefined;
  // `_count: true` counts every list relation: spelled out, so that each gets its where.
  const names = named ? Object.keys(named) : [...relations].filter(([, relation]) => relation.isList).map(([name]) => name);
  const select: Record<string, unknown> = {};
  for (const name of names) {
    const tenantKey = models.get(relations.get(name)?.model ?? '')?.tenantKey;
    const given = isRecord(named?.[name]) ? (named[name]['where'] as Where | undefined) : undefined;
    select[name] = tenantKey ? { where: withTenant(given, tenantKey, orgId) } : (named?.[name] ?? true);
  }
  return { select };
}

/** Whether a selection map reaches a relation or a count, so that it cannot be the same for every tenant. */
export function reachesRelations(models: ScopedModels, model: string, map: Selection): boolean {
  const relations = models.get(model)?.relations;
  return Object.entries(map).some(([name, value]) => value && (name === '_count' || relations?.has(name)));
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
