import { type FieldProblem, ValidationError } from '../../kernel/errors.ts';
import { isJsonObject, type JsonObject, type JsonValue, requireJsonObject } from '../json-limits.ts';

/** What a task does: exactly one of these words is in it. */
const TASK_TYPES = ['call', 'set', 'switch', 'for', 'fork', 'wait', 'emit', 'listen', 'run', 'try', 'raise'] as const;
export type TaskType = (typeof TASK_TYPES)[number];

/** What any task may have besides. */
const COMMON_FIELDS = ['if', 'then', 'input', 'output', 'export', 'timeout', 'metadata'];

/** What belongs to one type of task. */
const OWN_FIELDS: Partial<Record<TaskType, readonly string[]>> = {
  call: ['with'],
  for: ['while', 'do'],
  listen: ['foreach'],
  try: ['catch'],
};

export const MOST_TASKS = 200;
const LONGEST_TASK_NAME = 100;
const MOST_PROBLEMS = 20;

const DSL_VERSION = /^1\.0\.\d{1,4}$/;
const LABEL = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const SEMANTIC_VERSION = /^\d{1,9}\.\d{1,9}\.\d{1,9}([-+][0-9A-Za-z.+-]{1,64})?$/;

declare const checked: unique symbol;

/** A Serverless Workflow 1.0 document whose shape was checked. That it can be run is checked by the engine. */
export type Definition = JsonObject & { readonly [checked]: true };

/** A task of a document's top level. */
export interface DefinedTask {
  readonly key: string;
  readonly type: TaskType;
  readonly config: JsonObject;
  readonly position: number;
}

type Path = readonly (string | number)[];
type Report = (path: Path, message: string) => void;

/**
 * The document, if it has the shape of a Serverless Workflow 1.0: `document` and 1 to 200 named tasks in `do`, each
 * doing one known thing.
 *
 * @throws ValidationError with the path of each thing that is wrong, from `definition` on.
 */
export function parseDefinition(value: unknown): Definition {
  const definition = requireJsonObject(value, 'definition');
  const problems: FieldProblem[] = [];
  const report: Report = (path, message) => {
    problems.push({ path: ['definition', ...path.map(String)], message });
  };
  checkDocument(definition['document'], report);
  checkTasks(definition['do'], ['do'], report);
  if (problems.length > 0) throw new ValidationError(problems.slice(0, MOST_PROBLEMS));
  return definition as Definition;
}

function checkDocument(document: JsonValue | undefined, report: Report): void {
  if (!isJsonObject(document)) {
    report(['document'], 'must be an object with dsl, namespace, name and version');
    return;
  }
  const check = (field: string, form: RegExp, expected: string): void => {
    const value = document[field];
    if (typeof value !== 'string' || !form.test(value)) report(['document', field], expected);
  };
  check('dsl', DSL_VERSION, 'must be a 1.0 version, for example "1.0.0"');
  check('namespace', LABEL, 'must be 1 to 63 lower-case letters, digits and hyphens');
  check('name', LABEL, 'must be 1 to 63 lower-case letters, digits and hyphens');
  check('version', SEMANTIC_VERSION, 'must be a semantic version, for example "1.0.0"');
}

function checkTasks(list: JsonValue | undefined, path: Path, report: Report): void {
  if (!Array.isArray(list) || list.length < 1 || list.length > MOST_TASKS) {
    report(path, `must be a list of 1 to ${MOST_TASKS} tasks`);
    return;
  }
  const names = new Set<string>();
  list.forEach((entry: JsonValue, place) => {
    const named = isJsonObject(entry) ? Object.entries(entry) : [];
    const [only] = named;
    if (only === undefined || named.length > 1) {
      report([...path, place], 'must be an object with one key, the name of the task');
      return;
    }
    const [name, task] = only;
    if (name === '' || [...name].length > LONGEST_TASK_NAME) {
      report([...path, place], `must have a name of 1 to ${LONGEST_TASK_NAME} characters`);
    } else if (names.has(name)) {
      report([...path, place, name], 'must have a name of its own');
    }
    names.add(name);
    checkTask(task, [...path, place, name], report);
  });
}

function typesOf(task: JsonObject): TaskType[] {
  return TASK_TYPES.filter((type) => Object.hasOwn(task, type));
}

function checkTask(task: JsonValue, path: Path, report: Report): void {
  const types = isJsonObject(task) ? typesOf(task) : [];
  const [type] = types;
  if (!isJsonObject(task) || type === undefined || types.length > 1) {
    report(path, `must have exactly one of ${TASK_TYPES.join(', ')}`);
    return;
  }
  const known = [type, ...COMMON_FIELDS, ...(OWN_FIELDS[type] ?? [])];
  for (const field of Object.keys(task)) {
    if (!known.includes(field)) report([...path, field], `is not a field of a "${type}" task`);
  }
  for (const inner of innerLists(type, task)) checkTasks(inner.list, [...path, ...inner.path], report);
}

/** The lists of tasks inside a task. */
function innerLists(type: TaskType, task: JsonObject): { path: Path; list: JsonValue | undefined }[] {
  switch (type) {
    case 'for':
      return [{ path: ['do'], list: task['do'] }];
    case 'fork':
      return [{ path: ['fork', 'branches'], list: fieldOf(task['fork'], 'branches') }];
    case 'try': {
      const rescue = fieldOf(task['catch'], 'do');
      const attempt = { path: ['try'], list: task['try'] };
      return rescue === undefined ? [attempt] : [attempt, { path: ['catch', 'do'], list: rescue }];
    }
    default:
      return [];
  }
}

function fieldOf(value: JsonValue | undefined, field: string): JsonValue | undefined {
  return isJsonObject(value) ? value[field] : undefined;
}

/** The tasks of the top level, in order. */
export function tasksOf(definition: Definition): DefinedTask[] {
  const list = definition['do'] as readonly Record<string, JsonObject>[];
  return list.flatMap((entry, position) =>
    Object.entries(entry).map(([key, config]) => ({ key, config, position, type: typesOf(config)[0] as TaskType })),
  );
}
