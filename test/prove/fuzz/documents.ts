import {
  getNamedType,
  type GraphQLArgument,
  type GraphQLNamedType,
  isAbstractType,
  isLeafType,
  isObjectType,
  isRequiredArgument,
} from 'graphql';
import { schema } from '../../../src/graphql/schema.ts';
import { type Draw, literal, oneIn, oneOf, upTo, valueOf } from './values.ts';

/** What a client sends to the endpoint. */
export interface Operation {
  readonly query: string;
  readonly variables: Record<string, unknown>;
}

/** What is collected while a document is written. */
interface Draft {
  readonly draw: Draw;
  readonly variables: Record<string, unknown>;
  readonly declared: string[];
  readonly fragments: string[];
  /** Fields that may still be written, so that a document ends. */
  left: number;
}

/** A document that the schema accepts, or nearly: values now and then are anything. */
export function validOperation(draw: Draw): Operation {
  const isMutation = oneIn(draw, 3);
  const root = isMutation ? schema.getMutationType() : schema.getQueryType();
  const draft: Draft = { draw, variables: {}, declared: [], fragments: [], left: 30 };
  const body = root ? selection(draft, root, 5) : '';
  const declared = draft.declared.length > 0 ? `(${draft.declared.join(' ')})` : '';
  const name = oneIn(draw, 2) ? 'Fuzzed' : declared && 'Given';
  const head = isMutation || name ? `${isMutation ? 'mutation' : 'query'} ${name}${declared} ` : '';
  return { query: [head + body, ...draft.fragments].join('\n'), variables: draft.variables };
}

/** @param used names that have a meaning in this place already: another would be a conflict. */
function selection(draft: Draft, type: GraphQLNamedType, levels: number, used = new Set<string>()): string {
  const { draw } = draft;
  if (isAbstractType(type)) {
    const members = schema.getPossibleTypes(type).filter(() => !oneIn(draw, 3));
    return `{ __typename ${members.map((member) => `... on ${member.name} ${selection(draft, member, levels, used)}`).join(' ')} }`;
  }
  if (!isObjectType(type)) return '';
  const fields = Object.values(type.getFields()).filter((field) => isLeafType(getNamedType(field.type)) || levels > 0);
  const count = 1 + upTo(draw, 4);
  const parts: string[] = [];
  for (let index = 0; index < count && draft.left > 0 && fields.length > 0; index += 1) {
    draft.left -= 1;
    const field = oneOf(draw, fields);
    const alias = used.has(field.name) || oneIn(draw, 12) ? `a${used.size}: ` : '';
    used.add(alias || field.name);
    const below = selection(draft, getNamedType(field.type), levels - 1);
    parts.push(`${alias}${field.name}${given(draft, field.args)}${directives(draft)} ${below}`);
  }
  if (parts.length === 0 || oneIn(draw, 8)) parts.push('__typename');
  if (oneIn(draw, 10)) {
    const name = `F${draft.fragments.length}`;
    draft.fragments.push(`fragment ${name} on ${type.name} { ${parts.join(' ')} }`);
    return `{ ...${name}${directives(draft)} }`;
  }
  return oneIn(draw, 12) ? `{ ... on ${type.name} { ${parts.join(' ')} } }` : `{ ${parts.join(' ')} }`;
}

function given(draft: Draft, args: readonly GraphQLArgument[]): string {
  const { draw, variables, declared } = draft;
  const chosen = args.filter((argument) => isRequiredArgument(argument) || oneIn(draw, 4));
  if (chosen.length === 0) return '';
  const written = chosen.map(({ name, type }) => {
    const value = valueOf(draw, type);
    if (!oneIn(draw, 2)) return `${name}: ${literal(value, type)}`;
    const variable = `v${declared.length}`;
    const byDefault = oneIn(draw, 12) ? ` = ${literal(valueOf(draw, type), type)}` : '';
    declared.push(`$${variable}: ${String(type)}${byDefault}`);
    if (!oneIn(draw, 30)) variables[variable] = value;
    return `${name}: $${variable}`;
  });
  return `(${written.join(', ')})`;
}

function directives({ draw, variables, declared }: Draft): string {
  if (!oneIn(draw, 12)) return '';
  if (oneIn(draw, 2)) return oneOf(draw, [' @include(if: true)', ' @skip(if: false)', ' @skip(if: true)', ' @unknown', ' @deprecated']);
  const name = `d${declared.length}`;
  declared.push(`$${name}: Boolean!`);
  variables[name] = oneIn(draw, 2);
  return ` @include(if: $${name})`;
}

const TOKEN = /"""[^]*?"""|"(?:\\.|[^"\\\n])*"|\.\.\.|[_A-Za-z]\w*|-?\d[\d.eE+-]*|\$\w+|@\w+|\S/g;

const STRANGE_TOKENS = [
  '{', '}', '(', ')', '[', ']', ':', '!', '$', '@', '...', '|', '&', '=', '"', '"""', '#', '\\', '\0', '\ufeff', '\u{1f600}', '\ud800', ',',
  '__proto__', '__schema { types { name } }', '__type(name: "Query") { name }', '__typename', 'on', 'fragment', 'query', 'mutation', 'subscription', 'null',
  'true', '-', '00', '1.', '1e', '1e999', '99999999999999999999', '"\\u{110000}"', '"\\ud800"', '"\\u{1f600}"', '$v0', '@skip', '@defer', '@stream', '@oneOf', 'extend', 'type Query',
] as const;

/** A document with a few tokens taken out, doubled, exchanged or put in. */
export function nearlyValid(draw: Draw, query: string): string {
  const tokens = query.match(TOKEN) ?? [];
  for (let change = 0; change <= upTo(draw, 2); change += 1) {
    const place = upTo(draw, tokens.length);
    const strange = oneOf(draw, STRANGE_TOKENS);
    const [removed, put] = oneOf(draw, [[1, []], [0, [strange]], [1, [strange]], [0, [tokens[place] ?? '']], [1, [oneOf(draw, tokens)]]] as const);
    tokens.splice(place, removed, ...put);
  }
  return tokens.join(' ');
}

/** Text that is no document, or more of one than anybody should send. */
export function brokenQuery(draw: Draw): string {
  const times = 1 + upTo(draw, oneIn(draw, 4) ? 20_000 : 200);
  const patterns = [
    '{a', '{ a', '[', '"', '"""', '#', '{viewer{kind}}', '...F', '@skip(if:true)', 'query Q{viewer{kind}}', 'fragment F on Viewer{...F}', '$v:Int', '\u{1f600}', '\ufeff', '\0',
    '{workflows(filter:{status:{in:[ACTIVE]}}){totalCount}}', '{__schema{types{fields{type{fields{name}}}}}}', 'a:viewer{kind}', '\\u0000', '1e9',
  ];
  const repeated = oneOf(draw, patterns).repeat(times);
  const wrap = oneOf(draw, [['', ''], ['{', '}'], ['{viewer{', '}}'], ['query(', '){viewer{kind}}'], ['{node(id:', '){id}}'], ['{workflow(id:"', '"){id}}']] as const);
  return (wrap[0] + repeated + wrap[1]).slice(0, 120_000);
}
