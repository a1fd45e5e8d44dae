import { expect, test } from 'vitest';
import { hasRepeatedNames } from './repeated-names.ts';

test.each([
  ['{"a":1,"a":2}', true],
  ['{"a" : 1, "b": {"c": [], "c" : 1}}', true],
  ['[{"a":1},{"b":[{"x":1,"x":1}]}]', true],
  // The same name, written in two ways.
  ['{"a":1,"\\u0061":2}', true],
  ['{"a\\"":1,"a\\u0022":2}', true],
  ['{"a":{"a":{"a":1}},"b":{"a":1}}', false],
  ['[{"a":1},{"a":1}]', false],
  // What looks like names, and is the text of one value.
  ['{"a":"\\"a\\":1,\\"a\\":{","b":"a"}', false],
  ['{"a":"a","b":"a","c":["a","a"]}', false],
])('%s names a member twice: %s', (json, expected) => {
  expect([hasRepeatedNames(json), JSON.parse(json)]).toEqual([expected, expect.anything()]);
});
