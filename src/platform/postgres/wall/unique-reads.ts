import DataLoader from 'dataloader';
import { AppError } from '../../../kernel/errors.ts';
import { isTransientFailure } from '../adapter/index.ts';
import { Prisma } from '../generated/client/client.ts';
import type { ScopedModel } from '../models.ts';
import { requireScope } from '../tenancy.ts';
import { isPart, type Part } from './scope-keys.ts';
import { readUniqueWhere, shapeOf, type UniqueWhere } from './unique-key.ts';

// Prisma's own client puts all findUnique calls of one tick into one statement, whoever they are for. So none of them
// reaches it: they are batched here, by loaders that belong to one scope, and what cannot be batched becomes findFirst.

type Row = Record<string, unknown>;

/** The calls of Prisma's delegate of a model that are used here; each returns a promise that has not begun. */
export interface ReadDelegate {
  findFirst(args: Part): Promise<Row | null>;
  findFirstOrThrow(args: Part): Promise<Row>;
  findMany(args: Part): Promise<Row[]>;
}

/** One findUnique or findUniqueOrThrow as the caller wrote it. */
export interface UniqueRead {
  readonly model: ScopedModel;
  readonly delegate: ReadDelegate;
  readonly args: Part;
  readonly orThrow: boolean;
  /** A transaction has one connection and sees its own changes: its reads are neither delayed nor shared. */
  readonly inTransaction: boolean;
  /** Tells clients apart whose reads share a scope. */
  readonly clientId: number;
}

/** The read as a promise of Prisma: it begins when it is waited for, and relations can be chained to it. */
export function readUnique(read: UniqueRead): Promise<Row | null> {
  const where = readUniqueWhere(read.model, read.args['where']);
  if (where === undefined) {
    const refuse = () => Promise.reject(noUniqueKey(read.model));
    return promiseLike(refuse, refuse);
  }
  const filter = where.conditions.length === 0 ? where.key : { ...where.key, AND: where.conditions };
  const first = { ...read.args, where: filter };
  const single = (): Promise<Row | null> =>
    read.orThrow ? read.delegate.findFirstOrThrow(first) : read.delegate.findFirst(first);
  const plan = read.inTransaction ? undefined : planBatch(read, where);
  return plan === undefined ? single() : promiseLike(single, () => load(read, plan));
}

/** A promise of Prisma that calls `begin` when it is waited for, and is the one of `original` in everything else. */
const promiseLike = (original: () => Promise<Row | null>, begin: () => Promise<Row | null>): Promise<Row | null> => {
  let begun: Promise<Row | null> | undefined;
  let replaced: Promise<Row | null> | undefined;
  const start = (): Promise<Row | null> => (begun ??= begin());
  const methods = new Map<string | symbol, unknown>([
    ['then', (...args: Parameters<Promise<Row | null>['then']>) => start().then(...args)],
    ['catch', (...args: Parameters<Promise<Row | null>['catch']>) => start().catch(...args)],
    ['finally', (...args: Parameters<Promise<Row | null>['finally']>) => start().finally(...args)],
  ]);
  return new Proxy({} as Promise<Row | null>, {
    // Chained relations use what Prisma adds to a promise; most reads never need it.
    get: (_, property) => methods.get(property) ?? Reflect.get((replaced ??= original()), property),
    has: (_, property) => methods.has(property) || Reflect.has((replaced ??= original()), property),
  });
};

interface BatchPlan {
  /** Reads with the same group differ in nothing but the key they look for. */
  readonly group: string;
  /** The part of the key that all reads of the group share: the tenant. */
  readonly shared: Part;
  /** The part in which they differ. */
  readonly sought: Part;
  readonly selection: Part;
}

const isKeyValue = (value: unknown): boolean => typeof value === 'string' || Number.isSafeInteger(value);

const planBatch = (
  { model, args, clientId }: UniqueRead,
  { name, key, conditions }: UniqueWhere,
): BatchPlan | undefined => {
  const { where: _, ...selection } = args;
  const shape = shapeOf(selection);
  const { [model.field]: tenant, ...sought } = key;
  const isPlain = conditions.length === 0 && Object.values(key).every(isKeyValue);
  const omitted = isPart(args['omit']) && Object.keys(args['omit']).some((field) => field in sought);
  if (shape === undefined || !isPlain || omitted || Object.keys(sought).length === 0) return undefined;
  const shared = tenant === undefined ? {} : { [model.field]: tenant };
  const group = JSON.stringify(['findUnique', clientId, model.name, name, tenant ?? null, shape]);
  return { group, shared, sought, selection };
};

const load = async (read: UniqueRead, plan: BatchPlan): Promise<Row | null> => {
  const { loaders } = requireScope();
  let loader = loaders.get(plan.group) as DataLoader<Part, Row | null> | undefined;
  if (loader === undefined) {
    const batch = (sought: readonly Part[]): Promise<(Row | null | Error)[]> => {
      // The next read of this kind starts a loader of its own, so a scope that lives long keeps none.
      loaders.delete(plan.group);
      return readBatch(read, plan, sought);
    };
    // It remembers rows by key, and never finds one: each read brings a key of its own.
    loader = new DataLoader(batch);
    loaders.set(plan.group, loader);
  }
  const row = await loader.load(plan.sought);
  if (row === null && read.orThrow) throw notFound(read.model);
  return row;
};

const textOf = (sought: Part, fields: readonly string[]): string =>
  JSON.stringify(fields.map((field) => sought[field]));

const readBatch = async (
  read: UniqueRead,
  plan: BatchPlan,
  sought: readonly Part[],
): Promise<(Row | null | Error)[]> => {
  const fields = Object.keys(plan.sought);
  const distinct = [...new Map(sought.map((key) => [textOf(key, fields), key])).values()];
  const single = (key: Part): Promise<Row | null> =>
    read.delegate.findFirst({ ...plan.selection, where: { ...plan.shared, ...key } });
  const [only] = distinct;
  if (distinct.length === 1 && only !== undefined) {
    const row = await single(only);
    return sought.map(() => row);
  }
  try {
    const rows = await readMany(read, plan, fields, distinct);
    return await Promise.all(
      sought.map(async (key) => rows.get(textOf(key, fields)) ?? reread(rows, key, fields, single)),
    );
  } catch (error) {
    if (error instanceof AppError || isTransientFailure(error)) throw error;
    // One key of a shape that the database refuses must not fail the others.
    return Promise.all(sought.map((key) => single(key).catch((failure: unknown) => failure as Error)));
  }
};

const readMany = async (
  { delegate }: UniqueRead,
  { selection, shared }: BatchPlan,
  fields: readonly string[],
  sought: readonly Part[],
): Promise<Map<string, Row>> => {
  const [field, ...others] = fields;
  const anyOf =
    field !== undefined && others.length === 0
      ? { [field]: { in: sought.map((key) => key[field]) } }
      : { OR: [...sought] };
  const select = isPart(selection['select']) ? selection['select'] : undefined;
  const added = select === undefined ? [] : fields.filter((name) => select[name] !== true);
  const withKey =
    select === undefined ? {} : { select: { ...select, ...Object.fromEntries(added.map((name) => [name, true])) } };
  const rows = await delegate.findMany({ ...selection, ...withKey, where: { ...shared, ...anyOf } });
  return new Map(
    rows.map((row) => {
      const text = textOf(row, fields);
      for (const name of added) delete row[name];
      return [text, row];
    }),
  );
};

const spelling = (text: string): string => text.toLowerCase().replace(/[-{}]/g, '');

/**
 * The database reads a UUID in several spellings and answers in one: a key that differs from a row's in spelling only
 * is asked for alone.
 */
const reread = async (
  rows: ReadonlyMap<string, Row>,
  key: Part,
  fields: readonly string[],
  single: (key: Part) => Promise<Row | null>,
): Promise<Row | null> => {
  const sought = spelling(textOf(key, fields));
  return [...rows.keys()].some((text) => spelling(text) === sought) ? single(key) : null;
};

const notFound = ({ name }: ScopedModel): Error =>
  new Prisma.PrismaClientKnownRequestError(
    'An operation failed because it depends on one or more records that were required but not found. ' +
      'No record was found for a query.',
    { code: 'P2025', clientVersion: Prisma.prismaVersion.client, meta: { modelName: name } },
  );

const noUniqueKey = ({ name, uniqueKeys }: ScopedModel): Error =>
  new Prisma.PrismaClientValidationError(
    `findUnique on ${name} needs one whole unique key in its where: ${[...uniqueKeys.keys()].join(', ')}.`,
    { clientVersion: Prisma.prismaVersion.client },
  );
