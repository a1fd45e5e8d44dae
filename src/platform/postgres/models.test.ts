import { expect, test } from 'vitest';
import { deriveModels, scopedModels } from './models.ts';

type Models = Parameters<typeof deriveModels>[0]['datamodel']['models'];
type Field = Models[string]['fields'][number];

const field = (name: string, more: Partial<Field> = {}): Field => ({
  name,
  type: 'String',
  kind: 'scalar',
  isRequired: true,
  isList: false,
  hasDefaultValue: false,
  isUnique: false,
  isId: false,
  isUpdatedAt: false,
  ...more,
});
const model = (...fields: Field[]): Models[string] => ({ fields, primaryKey: null, uniqueIndexes: [] });
const derive = (models: Models) => deriveModels({ datamodel: { models } });

test('every model of the server belongs to an organization or a person', () => {
  const scopes = [...scopedModels.values()].map(({ name, kind, field: column }) => `${name}: ${kind} by ${column}`);
  expect(scopes.filter((scope) => !scope.endsWith(': organization by orgId'))).toEqual([
    'Organization: organization by id',
    'User: user by id',
    'Session: user by userId',
  ]);
});

test('a model that belongs to no tenant is refused by its name', () => {
  for (const orgId of [
    field('id'),
    field('orgId', { isRequired: false }),
    field('orgId', { type: 'Int' }),
    field('orgId', { isList: true }),
    field('orgId', { kind: 'enum' }),
  ]) {
    expect(() => derive({ Gadget: model(orgId) })).toThrow('The model Gadget belongs to no tenant');
  }
  expect(() => derive({ Session: model(field('id')) })).toThrow('The model Session belongs to no tenant');
});

test('a relation is held to the tenant when its foreign key carries the tenant on both ends', () => {
  const held = [...scopedModels.values()].flatMap(({ name, relations }) =>
    [...relations.values()].filter((relation) => !relation.held).map((relation) => `${name}.${relation.name}`),
  );
  expect(held.toSorted()).toEqual(['Membership.user', 'User.memberships']);
});

test('a relation is not held by a foreign key without the tenant, nor by one from an organization to a person', () => {
  const heldBy = (foreignKey: string[], target: 'Widget' | 'User') => {
    const end = { type: target, kind: 'object', relationName: 'both', relationFromFields: foreignKey } as const;
    const opposite = field('gadgets', { type: 'Gadget', kind: 'object', isList: true, relationName: 'both', relationFromFields: [] });
    const models = derive({
      Gadget: model(field('orgId'), field('widgetId'), field('widget', end)),
      Widget: model(field('orgId'), field('id'), ...(target === 'Widget' ? [opposite] : [])),
      User: model(field('id'), ...(target === 'User' ? [opposite] : [])),
    });
    return [models.get('Gadget')?.relations.get('widget')?.held, models.get(target)?.relations.get('gadgets')?.held];
  };
  expect(heldBy(['orgId', 'widgetId'], 'Widget')).toEqual([true, true]);
  expect(heldBy(['widgetId'], 'Widget')).toEqual([false, false]);
  expect(heldBy(['orgId', 'widgetId'], 'User')).toEqual([false, false]);
});

test('a relation of a model with itself knows which end carries the key', () => {
  const relations = scopedModels.get('ApiKey')?.relations;
  expect(relations?.get('supersededBy')).toMatchObject({
    foreignKey: ['orgId', 'supersededById'],
    held: true,
    isList: false,
  });
  expect(relations?.get('supersedes')).toMatchObject({ foreignKey: [], held: true, isList: true });
});

test('unique keys have the names that Prisma gives them', () => {
  expect(Object.fromEntries(scopedModels.get('Workflow')?.uniqueKeys ?? [])).toEqual({
    orgId_id: ['orgId', 'id'],
    orgId_slug: ['orgId', 'slug'],
  });
  expect(scopedModels.get('ApiKey')?.uniqueKeys.get('fingerprint')).toEqual(['fingerprint']);
});
