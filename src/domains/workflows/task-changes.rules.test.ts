import { expect, test } from 'vitest';
import type { DefinedTask } from './definition.ts';
import { taskChanges } from './task-changes.rules.ts';

const task = (key: string, position: number, config: DefinedTask['config'] = { set: {} }): DefinedTask => ({
  key,
  type: 'set',
  config,
  position,
});
const stored = (id: string, defined: DefinedTask) => ({ id, ...defined });

test('the same tasks need no change, whatever the order of the keys in their configuration', () => {
  const before = [stored('1', task('a', 0, { set: { x: 1, y: 2 } }))];
  const after = [task('a', 0, JSON.parse('{"set": {"y": 2, "x": 1}}'))];
  expect(taskChanges(before, after)).toEqual({ added: [], changed: [], removedIds: [] });
});

test('a task keeps its row when it moves or changes, and only a new name makes a new one', () => {
  const before = [stored('1', task('a', 0)), stored('2', task('b', 1)), stored('3', task('c', 2))];
  const after = [task('b', 0), task('c', 1, { set: { x: 1 } }), task('d', 2)];
  expect(taskChanges(before, after)).toEqual({
    added: [after[2]],
    changed: [
      { id: '2', task: after[0] },
      { id: '3', task: after[1] },
    ],
    removedIds: ['1'],
  });
});
