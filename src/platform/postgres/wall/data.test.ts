import { describe, expect, test } from 'vitest';
import { deriveModels } from '../models.ts';
import { createScope } from '../tenancy.ts';
import { scopeCreate } from './data.ts';
import type { Guard, Part } from './scope-keys.ts';

const ORG = '01900000-0000-7000-8000-000000000001';
const USER = '01900000-0000-7000-8000-000000000002';

type Models = Parameters<typeof deriveModels>[0]['datamodel']['models'];
type Field = Models[string]['fields'][number];

const PLAIN = { isRequired: true, isList: false, hasDefaultValue: false, isUnique: false, isId: false, isUpdatedAt: false };
const column = (name: string): Field => ({ ...PLAIN, name, type: 'String', kind: 'scalar' });
const relation = (type: string, name: string, relationFromFields: string[], isList = false): Field => ({ ...PLAIN, name, type, kind: 'object', isList, relationName: `${type} and gadgets`, relationFromFields });
const model = (...fields: Field[]): Models[string] => ({ fields, primaryKey: null, uniqueIndexes: [] });

/** A gadget points at its maker, a person, before it points at its organization. */
const models = deriveModels({
  datamodel: {
    models: {
      Organization: model(column('id'), { ...relation('Gadget', 'gadgets', [], true), relationName: 'Organization and gadgets' }),
      User: model(column('id'), { ...relation('Gadget', 'gadgets', [], true), relationName: 'User and gadgets' }),
      Gadget: model(column('orgId'), column('makerId'), relation('User', 'maker', ['makerId']), relation('Organization', 'organization', ['orgId'])),
    },
  },
});
const guard: Guard = { models, scope: createScope({ orgId: ORG, userId: USER }) };
const created = (data: Part): Part => scopeCreate(guard, models.get('Gadget')!, data);

describe('a new row', () => {
  test('gets its organization as a column beside columns', () => {
    expect(created({ makerId: USER })).toEqual({ makerId: USER, orgId: ORG });
  });

  test('gets its organization as a relation beside relations, whatever else it points at', () => {
    const maker = { connect: { id: USER } };
    expect(created({ maker })).toEqual({ maker, organization: { connect: { id: ORG } } });
  });
});
