import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';

interface Locked {
  readonly version?: string;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

const lock = JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../../package-lock.json'), 'utf8')) as {
  readonly packages: Readonly<Record<string, Locked>>;
};

/** Whether `name` is found from the package in `directory`, by the way that Node looks it up. */
const isLocked = (directory: string, name: string): boolean => {
  if (`${directory === '' ? '' : `${directory}/`}node_modules/${name}` in lock.packages) return true;
  if (directory === '') return false;
  const end = directory.lastIndexOf('/node_modules/');
  return isLocked(end < 0 ? '' : directory.slice(0, end), name);
};

// npm 11 refuses `npm ci` when one is missing. An `npm install` leaves out those that it could not ask the registry for:
// then write them in with version, os and cpu, or install again where the registry has them.
test('the lock names the optional packages of every platform, so that npm ci takes it', () => {
  const missing = Object.entries(lock.packages).flatMap(([directory, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies).filter((name) => !isLocked(directory, name)),
  );
  expect(missing).toEqual([]);
});
