import { type GraphQLInputType, getNamedType, isEnumType, isInputObjectType, isListType, isNonNullType, isRequiredArgument, isRequiredInputField } from 'graphql';
import { ID_PREFIXES, type NodeType } from '../../../../src/kernel/ids.ts';
import { definition, PASSWORD } from '../../../harness/world.ts';
import { OWN_WORD } from '../worlds/tenant-copy.ts';
import type { ArgumentsOf } from './documents.ts';
import { coordinateOf, type Path, type Step } from './paths.ts';

/**
 * What is acceptable where the type alone does not tell: by the name of the input field or argument. A required one
 * that is neither here nor of a type below fails the run with its name. Reviewed with every new input.
 */
const BY_NAME: Readonly<Record<string, unknown>> = {
  adminEmail: 'somebody@new.test',
  challengeToken: 'tc_nobody',
  code: '000000',
  cron: '0 9 * * 1',
  currentPassword: PASSWORD,
  definition: definition('proof'),
  email: `admin@${OWN_WORD}.test`,
  expectedVersion: 1,
  expiresAt: '2099-01-01T00:00:00.000Z',
  input: { given: 'by the proof' },
  name: 'Named by the proof',
  newPassword: 'seven green bottles on a wall',
  password: PASSWORD,
  recoveryCode: 'AAAA-AAAA-AAAA-AAAA',
  role: 'VIEWER',
  scopes: 'workflow:read',
  secret: 'tk_nobody',
  token: 'tv_nobody',
};

/** Where the same name means something else: by the coordinate of the input field. */
const BY_COORDINATE: Readonly<Record<string, unknown>> = {
  'AddMemberInput.email': 'newcomer@new.test',
  'InviteMemberInput.email': 'invited@new.test',
  'DeleteOrganizationInput.slug': OWN_WORD,
  'UpdateOrganizationInput.contactEmail': 'hello@new.test',
  'UpdateOrganizationInput.locale': 'en-GB',
  'UpdateOrganizationInput.timezone': 'UTC',
  'UpdateOrganizationInput.website': 'https://new.test/',
  'NewEventInput.type': 'NOTE.WRITTEN',
  'NewEventAggregate.type': 'invoice',
  'NewEventAggregate.id': '0198f0c2-0000-7000-8000-00000000a11e',
};

const BY_TYPE: Readonly<Record<string, unknown>> = { Int: 1, Float: 1, Position: 1, Boolean: true, DateTime: '2025-01-02T00:00:00.000Z', JSON: {}, JSONObject: {} };

/** Rows that are asked for in one go, from the outermost list inwards: enough to see foreign ones, few enough to be let in. */
const PAGE_SIZES = [20, 8, 3, 2];

/** The ids of the attacker's own rows by type. */
export type OwnIds = ReadonlyMap<NodeType, readonly string[]>;

/** An own id that was seen to be taken at a position. */
export type LiveIds = Map<string, string>;

/** Values for positions by their keys. */
export type Overrides = ReadonlyMap<string, unknown>;

export interface Values {
  /** Acceptable arguments of every step, and only what is needed, but with these values at these positions. */
  along(path: Path, overrides?: Overrides): ArgumentsOf;
  readonly own: OwnIds;
  readonly live: LiveIds;
}

const isNodeType = (name: string): name is NodeType => Object.hasOwn(ID_PREFIXES, name);

/** Which types' ids are likely at a position, the likeliest first: it is only tried in this order. */
export function likelyTypes(key: string): NodeType[] {
  const words = key.toLowerCase();
  const score = (type: NodeType): number => words.lastIndexOf(type.toLowerCase()) * 100 + type.length;
  return (Object.keys(ID_PREFIXES) as NodeType[]).sort((left, right) => score(right) - score(left));
}

/** A place that a value is built for; the key is that of the position, without its closing parenthesis. */
interface Place {
  readonly key: string;
  readonly owner: string;
  readonly name: string;
  readonly step: Step;
  readonly next: Step | undefined;
}

export function createValues(own: OwnIds, live: LiveIds): Values {
  const idFor = ({ key, step, next }: Place): string | undefined => {
    const leadsTo = next?.parent.name ?? getNamedType(step.field.type).name;
    const typed = isNodeType(leadsTo) ? own.get(leadsTo)?.[0] : undefined;
    return typed ?? live.get(`${key})`) ?? own.get(likelyTypes(key)[0]!)?.[0];
  };

  const leaf = (type: GraphQLInputType, place: Place): unknown => {
    const named = getNamedType(type);
    const byType = isEnumType(named) ? named.getValues()[0]!.name : named.name === 'ID' ? idFor(place) : BY_TYPE[named.name];
    const value = BY_COORDINATE[`${place.owner}.${place.name}`] ?? BY_NAME[place.name] ?? byType;
    if (value !== undefined) return value;
    throw new Error(`Nobody knows an acceptable value for ${place.key}), a ${String(type)}: add it to test/prove/isolation/schema/values.ts.`);
  };

  const build = (type: GraphQLInputType, place: Place, overrides: Overrides): unknown => {
    if (overrides.has(`${place.key})`)) return overrides.get(`${place.key})`);
    if (isNonNullType(type)) return build(type.ofType, place, overrides);
    if (isListType(type)) return [build(type.ofType, place, overrides)];
    if (!isInputObjectType(type)) return leaf(type, place);
    const fields = Object.values(type.getFields());
    const needed = fields.filter((field) => isRequiredInputField(field) || isOverridden(`${place.key}.${field.name}`, overrides));
    const wanted = type.isOneOf ? [...needed, ...fields].slice(0, 1) : needed;
    return Object.fromEntries(
      wanted.map((field) => [field.name, build(field.type, { ...place, key: `${place.key}.${field.name}`, owner: type.name, name: field.name }, overrides)]),
    );
  };

  const along = (path: Path, overrides: Overrides = new Map()): ArgumentsOf => {
    const lists = path.filter(({ field }) => field.args.some(({ name }) => name === 'first'));
    return (step, next) => {
      const given: Record<string, unknown> = {};
      for (const argument of step.field.args) {
        const key = `${coordinateOf(step)}(${argument.name}`;
        if (!isRequiredArgument(argument) && !isOverridden(key, overrides)) continue;
        given[argument.name] = build(argument.type, { key, owner: '', name: argument.name, step, next }, overrides);
      }
      const isPage = lists.includes(step) && !('first' in given) && !('last' in given);
      return isPage ? { ...given, first: PAGE_SIZES[lists.indexOf(step)] ?? 1 } : given;
    };
  };

  return { own, live, along };
}

const isOverridden = (key: string, overrides: Overrides): boolean =>
  [...overrides.keys()].some((each) => each === `${key})` || each.startsWith(`${key}.`));
