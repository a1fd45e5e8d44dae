import type { Change } from '../mutant.ts';
import { type Node, type Operators } from './syntax.ts';

/** What a text that is SQL can lose, and what then stands there. */
const LOSSES: readonly (readonly [operator: string, pattern: RegExp, text: string])[] = [
  ['drop condition', /\b(org_id|user_id) = \$\{[^}]+\}(::uuid)? AND /g, ''],
  ['drop condition', / AND (status = 'active')/g, ''],
  ['keep the setting', /(?<=set_config\('app\.\w+', \$\d, )true(?=\))/g, 'false'],
  ['another setting', /(?<=set_config\(')app\.current_(org|user)_id/g, 'app.other'],
  ['drop lock', / FOR (SHARE|NO KEY UPDATE|UPDATE SKIP LOCKED|UPDATE)/g, ''],
  ['stronger role', /\bNOLOGIN(?=`)/g, 'LOGIN'],
  ['stronger role', /\bNOLOGIN(?=`)/g, 'NOLOGIN BYPASSRLS'],
  ['stronger role', /\bINHERIT FALSE/g, 'INHERIT TRUE'],
  ['drop alternative', /\b(r\.)?rol\w+ OR /g, ''],
  ['drop alternative', / OR (r\.)?rol\w+(?=\))/g, ''],
  ['drop alternative', / OR r\.rolname = (\$1|ANY \(\$2\))/g, ''],
];

const isText = ({ type, value }: Node): boolean => type === 'TemplateLiteral' || (type === 'Literal' && typeof value === 'string');

const lossesIn = (text: string, offset: number, operator: string): Omit<Change, 'operator'>[] =>
  LOSSES.filter(([name]) => name === operator).flatMap(([, pattern, replacement]) =>
    [...text.matchAll(pattern)].map((match) => ({ start: offset + match.index, end: offset + match.index + match[0].length, text: replacement })),
  );

/** Ways of sending a weaker statement. */
export const statements: Operators = Object.fromEntries(
  [...new Set(LOSSES.map(([operator]) => operator))].map((operator) => [
    operator,
    ({ node, textOf }) => (isText(node) ? lossesIn(textOf(node), node.start, operator) : []),
  ]),
);
