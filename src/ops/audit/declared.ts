// What the migrations say of the functions, triggers, policies and tables that the log consists of. Their text is read, and
// nothing is kept beside it that would have to be mended with it.

/** Where everything lies that the log is written, read and guarded by. */
export const SCHEMAS: readonly string[] = ['app', 'events'];

/** Things by their names, each by what is said of it, in words that can be compared. */
export interface Declared {
  readonly functions: ReadonlyMap<string, string>;
  readonly triggers: ReadonlyMap<string, string>;
  readonly policies: ReadonlyMap<string, string>;
  readonly tables: ReadonlyMap<string, string>;
}

export interface FunctionParts {
  readonly language: string;
  readonly volatility: string;
  /** Null for one that runs with the rights of its caller, whoever owns it. */
  readonly definer: string | null;
  /** What is set while it runs, as `name=value`. */
  readonly settings: readonly string[];
  readonly body: string;
}

/** A function, so that two are the same when they do the same. */
export const describeFunction = ({ language, volatility, definer, settings, body }: FunctionParts): string =>
  [language, volatility, `definer ${definer}`, ...settings, body.replaceAll('\r\n', '\n')].join('\n');

/** The bits of pg_trigger.tgtype. */
const TRIGGER_BITS: readonly (readonly [RegExp, number])[] = [
  [/\bFOR EACH ROW\b/, 1],
  [/\bBEFORE\b/, 2],
  [/\bINSERT\b/, 4],
  [/\bDELETE\b/, 8],
  [/\bUPDATE\b/, 16],
  [/\bTRUNCATE\b/, 32],
];

export interface TriggerParts {
  /** As pg_trigger.tgtype. */
  readonly type: number;
  readonly call: string;
  readonly args: readonly string[];
}

export const describeTrigger = ({ type, call, args }: TriggerParts): string => `${type} ${call}(${args.join(', ')})`;

/** A policy's text without what PostgreSQL writes otherwise than people: spaces, brackets, and the name of a subquery's column. */
export const describePolicy = (text: string): string => text.replaceAll(/\bAS current_org_id\b|[\s()]/g, '');

const names = `(?:${SCHEMAS.join('|')})\\.\\w+`;
const FUNCTION = new RegExp(`^CREATE (?:OR REPLACE )?FUNCTION (${names})(\\([^]*?)\\$\\$([^]*?)\\$\\$;`, 'gm');
const OWNER = new RegExp(`^ALTER FUNCTION (${names})\\(.*\\) OWNER TO (\\w+);`, 'gm');
const SETTING = new RegExp(`^ALTER FUNCTION (${names})\\(.*\\) (SET [^;]*);`, 'gm');
const TRIGGER = new RegExp(`^CREATE TRIGGER (\\w+) ([^;]*?)\\bON (${names})\\b([^;]*?)EXECUTE FUNCTION ([\\w.]+)\\(([^)]*)\\);`, 'gm');
const POLICY = new RegExp(`^CREATE POLICY (\\w+) ON (${names})\\s([^;]*);`, 'gm');
const TABLE = new RegExp(`^CREATE TABLE (${names}) `, 'gm');

/** Reads the texts of migrations, in their order. They only ever add, replace a function by its whole text, or set what it runs under. */
export function readDeclared(texts: readonly string[]): Declared {
  const text = texts.join('\n');
  const owners = new Map([...text.matchAll(OWNER)].map(([, name, owner]) => [name!, owner!]));
  const set = [...text.matchAll(SETTING)];
  return {
    functions: new Map(
      [...text.matchAll(FUNCTION)].map(({ index, 1: name, 2: head, 3: body }) => {
        // What was set before the function was replaced is gone with what it was.
        const later = set.filter((change) => change[1] === name && change.index > index).map(([, , setting]) => setting!);
        return [name!, describeFunction(functionParts(head!, later, body!, owners.get(name!)))];
      }),
    ),
    triggers: new Map(
      [...text.matchAll(TRIGGER)].map(([, name, when, table, each, call, given]) => {
        const type = TRIGGER_BITS.reduce((sum, [word, bit]) => (word.test(`${when} ${each}`) ? sum + bit : sum), 0);
        const args = [...given!.matchAll(/'([^']*)'/g)].map(([, arg]) => arg!);
        return [`${name} of ${table}`, describeTrigger({ type, call: call!, args })];
      }),
    ),
    policies: new Map([...text.matchAll(POLICY)].map(([, name, table, rest]) => [`${name} of ${table}`, describePolicy(rest!)])),
    tables: new Map([...text.matchAll(TABLE)].map(([, name]) => [name!, 'table'])),
  };
}

const functionParts = (head: string, later: readonly string[], body: string, owner: string | undefined): FunctionParts => ({
  language: /\bLANGUAGE (\w+)/.exec(head)?.[1] ?? '',
  volatility: /\b(IMMUTABLE|STABLE)\b/.exec(head)?.[1] ?? 'VOLATILE',
  definer: /\bSECURITY DEFINER\b/.test(head) ? (owner ?? 'the role that migrates') : null,
  settings: settingsOf([head, ...later].join('\n')),
  body,
});

/** As PostgreSQL keeps them: in the order in which they were first set, each with its last value. */
const settingsOf = (text: string): string[] =>
  [...new Map([...text.matchAll(/\bSET (\w+) = (\w+(?:, \w+)*)/g)].map(([, name, value]) => [name, value]))].map(([name, value]) => `${name}=${value}`);
