import { type ArgType, type ColumnType, ColumnTypeEnum, DriverAdapterError } from '@prisma/driver-adapter-utils';
import pg from 'pg';

// Prisma expects values in the exact shapes that its own adapter for PostgreSQL gives and takes. A test compares the
// two over every type; the numbers below are PostgreSQL's object ids of the types.

/** Turns the text that PostgreSQL sends for a value into what Prisma expects; undefined leaves the text as it is. */
export type ValueParser = ((text: string) => unknown) | undefined;

const { builtins } = pg.types;
const firstUserDefinedOid = 16_384;
const nameOid = 19;

const arrayOid = {
  xml: 143,
  json: 199,
  cidr: 651,
  money: 791,
  bool: 1000,
  bytea: 1001,
  char: 1002,
  int2: 1005,
  int4: 1007,
  text: 1009,
  bpchar: 1014,
  varchar: 1015,
  int8: 1016,
  float4: 1021,
  float8: 1022,
  oid: 1028,
  inet: 1041,
  timestamp: 1115,
  date: 1182,
  time: 1183,
  timestamptz: 1185,
  numeric: 1231,
  bit: 1561,
  varbit: 1563,
  uuid: 2951,
  jsonb: 3807,
} as const;

// The published types of pg-types describe another shape of this function than the one it has.
const arrays = pg.types.arrayParser as unknown as {
  create(text: string, parseElement?: (element: string) => unknown): { parse(): unknown[] };
};
const arrayOf = (parseElement?: (element: string) => unknown) => (text: string) =>
  arrays.create(text, parseElement).parse();

const timestamp = (text: string): string => `${text.replace(' ', 'T')}+00:00`;
// Connections speak UTC, so an offset is always zero; it only has to be spelled the long way.
const timestamptz = (text: string): string => text.replace(' ', 'T').replace(/[+-]\d{2}(:\d{2})?$/, '+00:00');
const timetz = (text: string): string => text.replace(/[+-]\d{2}(:\d{2})?$/, '');
const money = (text: string): string => text.slice(1);

const parsers = new Map<number, ValueParser>([
  [builtins.NUMERIC, undefined],
  [builtins.TIME, undefined],
  [builtins.DATE, undefined],
  [builtins.JSON, undefined],
  [builtins.JSONB, undefined],
  [builtins.TEXT, undefined],
  [builtins.VARCHAR, undefined],
  [builtins.UUID, undefined],
  [builtins.INT8, undefined],
  [builtins.TIMETZ, timetz],
  [builtins.TIMESTAMP, timestamp],
  [builtins.TIMESTAMPTZ, timestamptz],
  [builtins.MONEY, money],
  [arrayOid.numeric, arrayOf()],
  [arrayOid.time, arrayOf()],
  [arrayOid.date, arrayOf()],
  [arrayOid.json, arrayOf()],
  [arrayOid.jsonb, arrayOf()],
  [arrayOid.bit, arrayOf()],
  [arrayOid.varbit, arrayOf()],
  [arrayOid.xml, arrayOf()],
  [arrayOid.timestamp, arrayOf(timestamp)],
  [arrayOid.timestamptz, arrayOf(timestamptz)],
  [arrayOid.money, arrayOf(money)],
]);

/** How a column of this type is read. */
export function parserOf(oid: number): ValueParser {
  return parsers.has(oid) ? parsers.get(oid) : (pg.types.getTypeParser(oid, 'text') as ValueParser);
}

const columnTypes = new Map<number, ColumnType>([
  [builtins.INT2, ColumnTypeEnum.Int32],
  [builtins.INT4, ColumnTypeEnum.Int32],
  [builtins.INT8, ColumnTypeEnum.Int64],
  [builtins.OID, ColumnTypeEnum.Int64],
  [builtins.FLOAT4, ColumnTypeEnum.Float],
  [builtins.FLOAT8, ColumnTypeEnum.Double],
  [builtins.BOOL, ColumnTypeEnum.Boolean],
  [builtins.DATE, ColumnTypeEnum.Date],
  [builtins.TIME, ColumnTypeEnum.Time],
  [builtins.TIMETZ, ColumnTypeEnum.Time],
  [builtins.TIMESTAMP, ColumnTypeEnum.DateTime],
  [builtins.TIMESTAMPTZ, ColumnTypeEnum.DateTime],
  [builtins.NUMERIC, ColumnTypeEnum.Numeric],
  [builtins.MONEY, ColumnTypeEnum.Numeric],
  [builtins.JSON, ColumnTypeEnum.Json],
  [builtins.JSONB, ColumnTypeEnum.Json],
  [builtins.UUID, ColumnTypeEnum.Uuid],
  [builtins.BYTEA, ColumnTypeEnum.Bytes],
  [builtins.BPCHAR, ColumnTypeEnum.Text],
  [builtins.TEXT, ColumnTypeEnum.Text],
  [builtins.VARCHAR, ColumnTypeEnum.Text],
  [builtins.BIT, ColumnTypeEnum.Text],
  [builtins.VARBIT, ColumnTypeEnum.Text],
  [builtins.INET, ColumnTypeEnum.Text],
  [builtins.CIDR, ColumnTypeEnum.Text],
  [builtins.XML, ColumnTypeEnum.Text],
  [nameOid, ColumnTypeEnum.Text],
  [arrayOid.int2, ColumnTypeEnum.Int32Array],
  [arrayOid.int4, ColumnTypeEnum.Int32Array],
  [arrayOid.int8, ColumnTypeEnum.Int64Array],
  [arrayOid.oid, ColumnTypeEnum.Int64Array],
  [arrayOid.float4, ColumnTypeEnum.FloatArray],
  [arrayOid.float8, ColumnTypeEnum.DoubleArray],
  [arrayOid.numeric, ColumnTypeEnum.NumericArray],
  [arrayOid.money, ColumnTypeEnum.NumericArray],
  [arrayOid.bool, ColumnTypeEnum.BooleanArray],
  [arrayOid.char, ColumnTypeEnum.CharacterArray],
  [arrayOid.bpchar, ColumnTypeEnum.TextArray],
  [arrayOid.text, ColumnTypeEnum.TextArray],
  [arrayOid.varchar, ColumnTypeEnum.TextArray],
  [arrayOid.bit, ColumnTypeEnum.TextArray],
  [arrayOid.varbit, ColumnTypeEnum.TextArray],
  [arrayOid.inet, ColumnTypeEnum.TextArray],
  [arrayOid.cidr, ColumnTypeEnum.TextArray],
  [arrayOid.xml, ColumnTypeEnum.TextArray],
  [arrayOid.date, ColumnTypeEnum.DateArray],
  [arrayOid.time, ColumnTypeEnum.TimeArray],
  [arrayOid.timestamp, ColumnTypeEnum.DateTimeArray],
  [arrayOid.timestamptz, ColumnTypeEnum.DateTimeArray],
  [arrayOid.json, ColumnTypeEnum.JsonArray],
  [arrayOid.jsonb, ColumnTypeEnum.JsonArray],
  [arrayOid.bytea, ColumnTypeEnum.BytesArray],
  [arrayOid.uuid, ColumnTypeEnum.UuidArray],
]);

/**
 * What Prisma calls the type of a column. Types made in this database (enums among them) count as text.
 *
 * @throws DriverAdapterError for a built-in type that Prisma cannot read, for example a point.
 */
export function columnTypeOf(oid: number): ColumnType {
  const known = columnTypes.get(oid);
  if (known !== undefined) return known;
  if (oid >= firstUserDefinedOid) return ColumnTypeEnum.Text;
  throw new DriverAdapterError({ kind: 'UnsupportedNativeDataType', type: `with the object id ${oid}` });
}

const padded = (value: number, digits = 2): string => String(value).padStart(digits, '0');

// Not toISOString: it spells years beyond 9999 in a way that PostgreSQL does not read.
const dateAndTime = (date: Date): [day: string, time: string] => {
  const milliseconds = date.getUTCMilliseconds();
  return [
    `${padded(date.getUTCFullYear(), 4)}-${padded(date.getUTCMonth() + 1)}-${padded(date.getUTCDate())}`,
    `${padded(date.getUTCHours())}:${padded(date.getUTCMinutes())}:${padded(date.getUTCSeconds())}` +
      (milliseconds === 0 ? '' : `.${padded(milliseconds, 3)}`),
  ];
};

const dateArgument = (date: Date, databaseType: string | undefined): string => {
  const [day, time] = dateAndTime(date);
  if (databaseType === 'DATE') return day;
  if (databaseType === 'TIME' || databaseType === 'TIMETZ') return time;
  return `${day} ${time}`;
};

/** Turns an argument of Prisma into a value that the driver can send. */
export function toParameter(argument: unknown, type: ArgType): unknown {
  if (argument === null) return null;
  if (Array.isArray(argument) && type.arity === 'list') return argument.map((element) => toParameter(element, type));
  if (argument instanceof Date) return dateArgument(argument, type.dbType);
  if (typeof argument === 'string') {
    if (type.scalarType === 'datetime') return dateArgument(new Date(argument), type.dbType);
    if (type.scalarType === 'bytes') return Buffer.from(argument, 'base64');
  }
  return argument;
}

const { prepareValue } = (pg as unknown as { utils: { prepareValue(value: unknown): string | Buffer | null } }).utils;

/** The driver's own encoding of a value for the wire, arrays and objects included. */
export const encodeParameter = prepareValue;
