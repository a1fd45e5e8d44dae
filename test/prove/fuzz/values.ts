import fc, { type GeneratorValue } from 'fast-check';
import { getNullableType, type GraphQLInputType, isEnumType, isInputObjectType, isListType, isNonNullType } from 'graphql';

/** Draws from an arbitrary; what was drawn shrinks. */
export type Draw = GeneratorValue;

/** A whole number from 0 to `most`. */
export const upTo = (draw: Draw, most: number): number => draw(fc.nat, most);
export const oneOf = <Value>(draw: Draw, values: readonly Value[]): Value => values[upTo(draw, values.length - 1)] as Value;
/** True once in so many times; false is what it shrinks to. */
export const oneIn = (draw: Draw, times: number): boolean => upTo(draw, times - 1) === times - 1;

/** Stand for ids of the world that the request is sent to, which has others each time. `foreign` is another tenant's. */
export const PLACEHOLDERS = [
  '@organization@', '@member@', '@viewer@', '@apiKey@', '@workflow@', '@workflow2@', '@schedule@', '@version@', '@task@',
  '@execution@', '@foreignWorkflow@', '@foreignMember@', '@foreignOrganization@',
] as const;

/** Texts that something somewhere takes for more than text. */
const TEXTS = [
  '', ' ', '\0', 'a\0b', '\u001b[31m', '\r\n', '\t', '"', '\\', '"""', '$1', '#{7*7}', '{{7*7}}', '%s%n', '../../x', '<b>', "' OR '1'='1", '--', ';',
  '\ufeff', '\u202eabc', '\u2066', '\ud800', '\udfff\ud800', '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}', '\u{10ffff}', 'e\u0301', '\u0130', 'ß', 'ﷺ', '\u2028',
  '__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', 'true', '-0', '1e309', '0x10', '\u0661', 'wf_', 'wf_zzzzzzzzzzzzzzzzzzzzzzzzzz',
  'workflow-0', 'owner@acme.test', 'UTC', 'Europe/Berlin', 'Mars/Olympus', '0 9 * * *', '* * * * * *', '60 24 32 13 8', '*/0 * * * *', '@daily',
  '2026-01-31T09:30:00.000Z', '0000-01-01T00:00:00Z', '+275760-09-13T00:00:00Z', '2026-02-30T00:00:00Z', '9999-12-31T23:59:59.999Z',
  'workflow:*', '*', 'workflow:read', 'platform:admin',
] as const;

const NUMBERS = [
  0, -0, 1, -1, 2, 25, 100, 101, 2_147_483_647, 2_147_483_648, -2_147_483_649, 2 ** 53, 1e21, 1e308, -1e308, 5e-324, 0.1, 1.5, 1e-7,
] as const;

export const text = (draw: Draw): string => {
  switch (upTo(draw, 9)) {
    case 0:
      return draw(fc.string, { unit: 'binary', maxLength: 30 });
    case 1:
      return draw(fc.string, { unit: 'grapheme', maxLength: 30 });
    case 2:
      return oneOf(draw, TEXTS).repeat(1 + upTo(draw, 300));
    case 3:
    case 4:
      return oneOf(draw, PLACEHOLDERS);
    case 5:
      return `name-${upTo(draw, 10_000)}`;
    default:
      return oneOf(draw, TEXTS);
  }
};

export const number = (draw: Draw): number => (oneIn(draw, 4) ? draw(fc.double, { noNaN: true }) : oneOf(draw, NUMBERS));

/** Any value of JSON, odd ones more often. */
export function json(draw: Draw, levels = 4): unknown {
  const kind = upTo(draw, levels > 0 ? 7 : 4);
  if (kind === 0) return null;
  if (kind === 1) return oneIn(draw, 2);
  if (kind === 2) return number(draw);
  if (kind <= 4) return text(draw);
  const items = Array.from({ length: upTo(draw, 4) }, () => json(draw, levels - 1));
  if (kind === 5) return items;
  const object: Record<string, unknown> = {};
  // As JSON.parse does it: a key of this name is a key, and not the prototype.
  for (const value of items) Object.defineProperty(object, text(draw), { value, enumerable: true, configurable: true, writable: true });
  return object;
}

const definition = (draw: Draw): unknown => ({
  document: { dsl: '1.0.0', namespace: 'fuzz', name: `w${upTo(draw, 99)}`, version: '1.0.0' },
  do: Array.from({ length: 1 + upTo(draw, 4) }, (_, index) => ({ [`t${index}`]: { set: oneIn(draw, 3) ? json(draw) : { index } } })),
});

/** A value for an input of this type: mostly one that fits, sometimes anything. */
export function valueOf(draw: Draw, type: GraphQLInputType, levels = 4): unknown {
  if (oneIn(draw, 40)) return json(draw);
  if (!isNonNullType(type) && oneIn(draw, 5)) return null;
  const bare = getNullableType(type);
  if (isListType(bare)) return Array.from({ length: oneIn(draw, 50) ? 101 : upTo(draw, 3) }, () => valueOf(draw, bare.ofType, levels));
  if (isEnumType(bare)) return oneIn(draw, 20) ? text(draw) : oneOf(draw, bare.getValues()).name;
  if (isInputObjectType(bare)) {
    const fields = Object.values(bare.getFields()).filter(({ type: of }) => isNonNullType(of) || (levels > 0 && oneIn(draw, 3)));
    return Object.fromEntries(fields.map(({ name, type: of }) => [name, name === 'definition' && !oneIn(draw, 6) ? definition(draw) : valueOf(draw, of, levels - 1)]));
  }
  switch (String(bare)) {
    case 'Int':
    case 'Float':
      return oneIn(draw, 3) ? number(draw) : 1 + upTo(draw, 30);
    case 'Boolean':
      return oneIn(draw, 2);
    case 'ID':
      return oneIn(draw, 6) ? text(draw) : oneOf(draw, PLACEHOLDERS);
    case 'JSON':
    case 'JSONObject':
      return json(draw);
    case 'DateTime':
      return oneIn(draw, 3) ? text(draw) : '2026-01-31T09:30:00.000Z';
    default:
      return text(draw);
  }
}

/** A value as it is written in a document; undefined when JSON has it and a document cannot. */
export function literal(value: unknown, type: GraphQLInputType | undefined): string {
  const bare = type && getNullableType(type);
  if (value === null || value === undefined) return 'null';
  if (Array.isArray(value)) return `[${value.map((item) => literal(item, bare && isListType(bare) ? bare.ofType : undefined)).join(' ')}]`;
  if (typeof value === 'object') {
    const fields = bare && isInputObjectType(bare) ? bare.getFields() : {};
    const named = Object.entries(value).filter(([name]) => /^[_A-Za-z]\w*$/.test(name));
    return `{${named.map(([name, item]) => `${name}: ${literal(item, Object.hasOwn(fields, name) ? fields[name]?.type : undefined)}`).join(' ')}}`;
  }
  if (typeof value === 'string' && bare && isEnumType(bare) && /^\w+$/.test(value)) return value;
  return JSON.stringify(value);
}
