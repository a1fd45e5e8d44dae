import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { breakingChanges, undeclared } from './breaking-changes.ts';

// `npm run schema:breaking`: fails when schema.graphql breaks clients of an earlier version and nobody said so in
// docs/schema-changes.md. Earlier versions are the newest release, what is upstream, and the last commit's (the one before
// it when this one is committed already), as far as they are in this clone.

const root = fileURLToPath(new URL('..', import.meta.url));
const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
const read = (path: string) => readFileSync(new URL(`../${path}`, import.meta.url), 'utf8');

const lines = (text: string) => text.split('\n').filter(Boolean);

/** What `ask` gets from git; nothing outside a clone, or where git does not have it. */
function fromGit<Result>(ask: () => Result): Result | undefined {
  try {
    return ask();
  } catch {
    return undefined;
  }
}

const revisions = [
  ...(fromGit(() => lines(git('tag', '--list', 'v*', '--sort=-version:refname')).slice(0, 1)) ?? []),
  'origin/HEAD',
  ...(fromGit(() => lines(git('log', '--format=%H', '-n', '2', '--', 'schema.graphql'))) ?? []),
];
const schema = read('schema.graphql');
const earlier = revisions.flatMap((revision) => fromGit(() => git('show', `${revision}:schema.graphql`)) ?? []);
const others = new Set(earlier.filter((version) => version !== schema));
if (others.size === 0) console.log('LEFT OUT: breaking changes of the schema, because there is no earlier version of it here.');

const changes = (await Promise.all([...others].map((before) => breakingChanges(before, schema)))).flat();
const missing = new Set(undeclared(changes, read('docs/schema-changes.md')));
if (missing.size > 0) {
  console.error('These changes of schema.graphql break clients. Undo them, or declare them in docs/schema-changes.md with these lines:');
  for (const change of missing) console.error(`- ${change}`);
  process.exitCode = 1;
}
