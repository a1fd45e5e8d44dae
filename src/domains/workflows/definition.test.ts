import { describe, expect, test } from 'vitest';
import { ValidationError } from '../../kernel/errors.ts';
import { parseDefinition, tasksOf } from './definition.ts';

const DOCUMENT = { dsl: '1.0.0', namespace: 'demo', name: 'welcome', version: '0.1.0' };
const withTasks = (...tasks: unknown[]) => ({ document: DOCUMENT, do: tasks });
const SET = { set: { x: 1 } };

/** The paths that are complained about, each once. */
const problemsOf = (definition: unknown): string[] => {
  try {
    parseDefinition(definition);
    return [];
  } catch (error) {
    if (!(error instanceof ValidationError)) throw error;
    return error.fields.map((field) => field.path.join('.'));
  }
};

const nested = (levels: number): unknown => JSON.parse('{"a":'.repeat(levels) + '1' + '}'.repeat(levels));

test('a document with every kind of task is accepted', () => {
  const tasks = [
    {
      fetch: {
        call: 'http',
        with: { method: 'get', endpoint: 'https://example.com' },
        timeout: { after: { seconds: 5 } },
      },
    },
    { keep: { set: { x: 1 }, if: 'x > 1', then: 'end', input: {}, output: {}, export: {}, metadata: {} } },
    { choose: { switch: [{ a: { when: 'x == 1', then: 'end' } }] } },
    { each: { for: { each: 'item', in: 'items' }, while: 'true', do: [{ inner: SET }] } },
    { both: { fork: { branches: [{ left: SET }, { right: SET }] } } },
    { pause: { wait: { seconds: 1 } } },
    { tell: { emit: { event: {} } } },
    { hear: { listen: { to: { one: {} } }, foreach: {} } },
    { child: { run: { workflow: { name: 'x' } } } },
    { careful: { try: [{ risky: SET }], catch: { do: [{ rescue: SET }] } } },
    { fail: { raise: { error: {} } } },
  ];
  const definition = parseDefinition(withTasks(...tasks));
  expect(tasksOf(definition).map((task) => [task.position, task.key, task.type])).toEqual([
    [0, 'fetch', 'call'],
    [1, 'keep', 'set'],
    [2, 'choose', 'switch'],
    [3, 'each', 'for'],
    [4, 'both', 'fork'],
    [5, 'pause', 'wait'],
    [6, 'tell', 'emit'],
    [7, 'hear', 'listen'],
    [8, 'child', 'run'],
    [9, 'careful', 'try'],
    [10, 'fail', 'raise'],
  ]);
  expect(tasksOf(definition)[1]?.config).toEqual(tasks[1]?.keep);
});

test('200 tasks are accepted and 201 are not, nor none', () => {
  const tasks = (count: number) => Array.from({ length: count }, (_, place) => ({ [`t${place}`]: SET }));
  expect(problemsOf(withTasks(...tasks(200)))).toEqual([]);
  expect(problemsOf(withTasks(...tasks(201)))).toEqual(['definition.do']);
  expect(problemsOf(withTasks())).toEqual(['definition.do']);
});

describe('what is not an acceptable definition is refused with the path of the fault', () => {
  test.each<[string, unknown, string[]]>([
    ['nothing', undefined, ['definition']],
    ['null', null, ['definition']],
    ['text', '{}', ['definition']],
    ['a list', [], ['definition']],
    ['an empty object', {}, ['definition.document', 'definition.do']],
    ['a wrong document', { document: 1, do: [{ a: SET }] }, ['definition.document']],
    [
      'another version of the language',
      { document: { ...DOCUMENT, dsl: '2.0.0' }, do: [{ a: SET }] },
      ['definition.document.dsl'],
    ],
    [
      'names that are not labels',
      { document: { ...DOCUMENT, name: 'A b', namespace: '' }, do: [{ a: SET }] },
      ['definition.document.namespace', 'definition.document.name'],
    ],
    [
      'a version that is none',
      { document: { ...DOCUMENT, version: 'one' }, do: [{ a: SET }] },
      ['definition.document.version'],
    ],
    ['tasks that are not a list', { document: DOCUMENT, do: { a: SET } }, ['definition.do']],
    ['a task that is not an object', withTasks('a'), ['definition.do.0']],
    ['two tasks in one entry', withTasks({ a: SET, b: SET }), ['definition.do.0']],
    ['a task without a name', withTasks({ '': SET }), ['definition.do.0']],
    ['a task with a long name', withTasks({ ['n'.repeat(101)]: SET }), ['definition.do.0']],
    ['two tasks of one name', withTasks({ a: SET }, { a: SET }), ['definition.do.1.a']],
    ['a task that does nothing', withTasks({ a: { if: 'x' } }), ['definition.do.0.a']],
    ['a task that does two things', withTasks({ a: { set: {}, wait: {} } }), ['definition.do.0.a']],
    ['a word that is unknown', withTasks({ a: { ...SET, shell: 'rm' } }), ['definition.do.0.a.shell']],
    ['a fault inside a loop', withTasks({ a: { for: {}, do: [{ b: {} }] } }), ['definition.do.0.a.do.0.b']],
    ['a fault inside a branch', withTasks({ a: { fork: { branches: [1] } } }), ['definition.do.0.a.fork.branches.0']],
    ['a fault in a rescue', withTasks({ a: { try: [{ b: SET }], catch: { do: [] } } }), ['definition.do.0.a.catch.do']],
    ['inherited words', withTasks({ a: { constructor: 1 } }), ['definition.do.0.a']],
    ['more than 30 levels', { document: DOCUMENT, do: [{ a: { set: nested(40) } }] }, ['definition']],
    ['100,000 levels', nested(100_000), ['definition']],
    ['more than 64 kB', withTasks({ a: { set: { x: 'x'.repeat(65_536) } } }), ['definition']],
    ['10 MB', withTasks({ a: { set: { x: 'x'.repeat(10_000_000) } } }), ['definition']],
    ['a NUL character', withTasks({ a: { set: { x: '\0' } } }), ['definition']],
    ['a NUL character in a key', withTasks({ a: { set: { '\0': 1 } } }), ['definition']],
    ['half a character', withTasks({ a: { set: { x: '\ud800' } } }), ['definition']],
    ['an infinite number', withTasks({ a: { set: { x: Number.POSITIVE_INFINITY } } }), ['definition']],
    ['undefined', withTasks({ a: { set: { x: undefined } } }), ['definition']],
    ['a function', withTasks({ a: { set: { x: () => 1 } } }), ['definition']],
  ])('%s', (_name, definition, paths) => {
    expect(problemsOf(definition)).toEqual(paths);
  });

  test('however many faults there are, twenty are told', () => {
    expect(problemsOf(withTasks(...Array.from({ length: 200 }, () => 1)))).toHaveLength(20);
  });
});
