import { describe, expect, test } from 'vitest';
import { TenantViolationError } from '../../../kernel/errors.ts';
import { getDatamodel } from '../../../platform/postgres/generated/pothos.ts';
import { scopedModels } from './models.ts';
import { reachesRelations, scopeNested, withTenant } from './where.ts';

const models = scopedModels(getDatamodel());
const OWN = 'own';
const scoped = (query: Record<string, unknown>, model = 'Workflow') => scopeNested(models, model, query, OWN);

describe('a where clause', () => {
  test('gets the tenant beside what it has', () => {
    expect(withTenant(undefined, 'orgId', OWN)).toEqual({ orgId: OWN });
    expect(withTenant({ name: 'x', orgId: OWN }, 'orgId', OWN)).toEqual({ name: 'x', orgId: OWN });
  });

  test('that names another organization is refused', () => {
    expect(() => withTenant({ orgId: 'other' }, 'orgId', OWN)).toThrow(TenantViolationError);
    expect(() => withTenant({ id: 'other' }, 'id', OWN)).toThrow(TenantViolationError);
  });
});

describe('a selection', () => {
  test('gets the tenant in its lists, in select and in include, and stays what it is otherwise', () => {
    const where = { orgId: OWN };
    expect(scoped({ take: 2, select: { id: true, tasks: true } })).toEqual({ take: 2, select: { id: true, tasks: { where } } });
    expect(scoped({ include: { tasks: { take: 1, where: { key: 'a' } } } })).toEqual({ include: { tasks: { take: 1, where: { key: 'a', orgId: OWN } } } });
    expect(scoped({ select: { tasks: false, schedules: undefined } })).toEqual({ select: { tasks: false, schedules: undefined } });
  });

  test('gets it at any depth, also below a single row, which takes no where', () => {
    const where = { orgId: OWN };
    expect(scoped({ select: { workflow: true } }, 'Task')).toEqual({ select: { workflow: true } });
    expect(scoped({ select: { workflow: { select: { tasks: { select: { workflow: { include: { schedules: true } } } } } } } }, 'Task')).toEqual({
      select: { workflow: { select: { tasks: { where, select: { workflow: { include: { schedules: { where } } } } } } } },
    });
  });

  test('gets it in counts: in those that are named, and in each list when all are counted', () => {
    const where = { orgId: OWN };
    expect(scoped({ select: { _count: { select: { tasks: true } } } })).toEqual({ select: { _count: { select: { tasks: { where } } } } });
    expect(scoped({ select: { _count: { select: { tasks: { where: { key: 'a' } } } } } })).toEqual({
      select: { _count: { select: { tasks: { where: { key: 'a', orgId: OWN } } } } },
    });
    const lists = [...models.get('Workflow')!.relations].filter(([, { isList }]) => isList).map(([name]) => [name, { where }]);
    expect(lists.length).toBeGreaterThan(2);
    expect(scoped({ include: { _count: true } })).toEqual({ include: { _count: { select: Object.fromEntries(lists) } } });
  });

  test('that names another organization anywhere is refused', () => {
    const where = { orgId: 'other' };
    expect(() => scoped({ select: { tasks: { where } } })).toThrow(TenantViolationError);
    expect(() => scoped({ select: { _count: { select: { tasks: { where } } } } })).toThrow(TenantViolationError);
    expect(() => scoped({ select: { workflow: { select: { tasks: { where } } } } }, 'Task')).toThrow(TenantViolationError);
  });

  test('reaches relations when it selects one, or a count', () => {
    const reaches = (map: Record<string, unknown>) => reachesRelations(models, 'Workflow', map);
    expect([reaches({ id: true, tasks: true }), reaches({ _count: true, id: true })]).toEqual([true, true]);
    expect([reaches({ id: true, name: true }), reaches({ id: true, tasks: false }), reaches({})]).toEqual([false, false, false]);
  });
});

test('every model says by which field its rows belong to an organization', () => {
  expect([...models].map(([name, { tenantKey }]) => [name, tenantKey]).filter(([, key]) => key !== 'orgId')).toEqual([
    ['Organization', 'id'],
    ['User', null],
    ['Session', null],
  ]);
});
