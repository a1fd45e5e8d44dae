import { bytesOf, idOf } from './ids.ts';

/**
 * What the made-up organizations and workflows are like. Everything follows from the number of the organization and of
 * the workflow alone, times included: made again it is the same, however many others are asked for.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
/** The oldest organization is as old as this. */
const BEGINNING_MS = Date.parse('2025-01-01T00:00:00Z');

const TRADES = ['Harbor', 'Summit', 'Cedar', 'Northwind', 'Atlas', 'Juniper', 'Beacon', 'Quarry', 'Willow', 'Lantern'];
const FORMS = ['Logistics', 'Foods', 'Health', 'Energy', 'Books', 'Tools', 'Travel', 'Textiles', 'Robotics'];
const VERBS = ['Sync', 'Reconcile', 'Approve', 'Export', 'Archive', 'Notify', 'Review', 'Import', 'Renew', 'Collect', 'Ship'];
const NOUNS = ['invoices', 'orders', 'contacts', 'contracts', 'payments', 'reports', 'shipments', 'leads', 'tickets', 'claims', 'refunds', 'licenses', 'readings'];

/** The roles that the members of an organization have, one each; the owner is the first. */
const ROLES = ['owner', 'admin', 'manager', 'member', 'viewer'] as const;
const PEOPLE: Readonly<Record<(typeof ROLES)[number], string>> = {
  owner: 'Olivia Owens',
  admin: 'Adam Adler',
  manager: 'Maya Mansour',
  member: 'Mateo Meyer',
  viewer: 'Violet Vance',
};
/** Those who may write workflows come first among the roles. */
const AUTHORS = 4;

export interface LookAlikeMember {
  readonly id: string;
  readonly email: string;
  readonly name: string;
  readonly role: (typeof ROLES)[number];
}

export interface LookAlikeOrganization {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly engineNamespace: string;
  readonly plan: 'free' | 'pro' | 'enterprise';
  readonly createdAt: Date;
  readonly members: readonly LookAlikeMember[];
}

export interface LookAlikeTask {
  readonly key: string;
  readonly type: string;
  readonly config: object;
}

export interface LookAlikeWorkflow {
  readonly id: string;
  readonly name: string;
  readonly slug: string;
  readonly description: string;
  readonly status: 'active' | 'inactive';
  readonly authorId: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
  readonly tasks: readonly LookAlikeTask[];
  /** How many versions it has had, the current one included. */
  readonly versions: 1 | 2;
  readonly isScheduled: boolean;
  readonly executions: number;
}

const pick = <Item>(items: readonly Item[], number: number): Item => items[number % items.length]!;

/** @param number from 1. */
export function organizationOf(number: number): LookAlikeOrganization {
  const digits = String(number).padStart(4, '0');
  const slug = `load-${digits}`;
  const createdAt = new Date(BEGINNING_MS + number * 7 * MINUTE_MS);
  const id = idOf(slug, createdAt);
  return {
    id,
    slug,
    name: `${pick(TRADES, number)} ${pick(FORMS, number)} ${digits}`,
    engineNamespace: `org-${slug}-${id.slice(-8)}`,
    plan: pick(['free', 'pro', 'pro', 'enterprise'], number),
    createdAt,
    members: ROLES.map((role) => ({
      id: idOf(`${slug} ${role}`, createdAt),
      email: `${role}@${slug}.example`,
      name: PEOPLE[role],
      role,
    })),
  };
}

/** The id of a workflow, when nothing else of it is asked for. */
export function workflowIdOf(organization: LookAlikeOrganization, number: number): string {
  return idOf(`${organization.slug} workflow ${number}`, workflowTime(organization, number));
}

/** Workflows come four at a time, as in an import, so that equal times occur and the id has to settle their order. */
function workflowTime({ createdAt }: LookAlikeOrganization, number: number): Date {
  return new Date(createdAt.getTime() + Math.ceil(number / 4) * 20 * MINUTE_MS);
}

/** @param number from 1. */
export function workflowOf(organization: LookAlikeOrganization, number: number, tasks: number): LookAlikeWorkflow {
  const dice = bytesOf(`${organization.slug} workflow ${number}`);
  const [verb, noun] = [pick(VERBS, dice[20]!), pick(NOUNS, dice[21]!)];
  const createdAt = workflowTime(organization, number);
  return {
    id: workflowIdOf(organization, number),
    name: `${verb} ${noun} ${number}`,
    slug: `${verb.toLowerCase()}-${noun}-${number}`,
    description: `${verb}s ${noun} of ${organization.name}, and tells who has to know.`,
    status: dice[22]! % 10 === 0 ? 'inactive' : 'active',
    authorId: organization.members[dice[23]! % AUTHORS]!.id,
    createdAt,
    updatedAt: new Date(createdAt.getTime() + (dice.readUInt16BE(24) * 30 * DAY_MS) / 65_536),
    tasks: Array.from({ length: tasks }, (_, place) => taskOf(place, noun)),
    versions: dice[26]! % 5 === 0 ? 2 : 1,
    isScheduled: dice[27]! % 10 === 0,
    executions: dice[28]! % 5 === 0 ? 1 + (dice[29]! % 3) : 0,
  };
}

const TASKS: readonly ((noun: string) => LookAlikeTask)[] = [
  (noun) => task('fetch', 'call', { call: 'http', with: { method: 'get', endpoint: `https://api.example.com/${noun}` } }),
  (noun) => task('each', 'for', { for: { each: 'item', in: `.${noun}` }, do: [{ mark: { set: { state: 'seen' } } }] }),
  () => task('decide', 'switch', { switch: [{ small: { when: '.total < 1000', then: 'continue' } }, { large: { then: 'end' } }] }),
  () => task('rest', 'wait', { wait: { minutes: 5 } }),
  (noun) => task('tell', 'emit', { emit: { event: { with: { source: 'https://api.example.com', type: `${noun}.done` } } } }),
];

const task = (key: string, type: string, config: object): LookAlikeTask => ({ key, type, config });

/** The tasks go round; from the second round on their names have a number. */
function taskOf(place: number, noun: string): LookAlikeTask {
  const { key, ...rest } = pick(TASKS, place)(noun);
  const round = Math.floor(place / TASKS.length);
  return { key: round === 0 ? key : `${key}${round + 1}`, ...rest };
}
