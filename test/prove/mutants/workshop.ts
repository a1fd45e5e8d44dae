import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { withClient } from '../../../src/platform/postgres/client.ts';
import { type ClusterAddress, createTemplate } from '../../harness/cluster.ts';
import type { Area } from './areas.ts';
import { CHANGED_FILE } from './changed-file.ts';
import type { Mutant } from './mutant.ts';

/** What became of a mutant. */
export type Verdict =
  /** A test failed. */
  | { readonly fate: 'noticed'; readonly by: string }
  /** No test failed, yet the run did: so much is broken that it says little about the tests. */
  | { readonly fate: 'stopped'; readonly how: string }
  /** All tests of its area passed. */
  | { readonly fate: 'survived' }
  /** The database did not take it, so there was nothing to notice. */
  | { readonly fate: 'invalid'; readonly why: string };

/** A copy of the project in which one mutant at a time is tried. */
export interface Workshop {
  try(mutant: Mutant, area: Area): Promise<Verdict>;
  /** Runs the tests on the code as it is. */
  tryUnchanged(killers: readonly string[]): Promise<Verdict>;
  close(): Promise<void>;
}

// A loop that never ends is noticed too, by whoever waits for it.
const RUN_LIMIT_MS = 900_000;

const NOT_COPIED: ReadonlySet<string> = new Set(['node_modules', '.git', '.data', '.vite', 'coverage']);

const copyProject = async (root: string): Promise<string> => {
  // The harness removes what directories of this name a killed run has left.
  const directory = await mkdtemp(path.join(tmpdir(), `tenantry-test-${process.pid}-mutants-`));
  for (const name of (await readdir(root)).filter((each) => !NOT_COPIED.has(each))) {
    await cp(path.join(root, name), path.join(directory, name), {
      recursive: true,
      filter: (source) => path.basename(source) !== 'node_modules',
    });
  }
  await symlink(path.join(root, 'node_modules'), path.join(directory, 'node_modules'));
  return directory;
};

/** The variables of this process, without those by which one test runner would disturb another. */
const cleanEnvironment = (cluster: ClusterAddress | undefined): NodeJS.ProcessEnv => {
  const kept = Object.entries(process.env).filter(([name]) => !/^(VITEST|TEST$|NODE_OPTIONS|NODE_V8_COVERAGE|TENANTRY_TEST_CLUSTER)/.test(name));
  return { ...Object.fromEntries(kept), ...(cluster ? { TENANTRY_TEST_CLUSTER: JSON.stringify(cluster) } : {}) };
};

interface Report {
  readonly testResults: readonly {
    readonly name: string;
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string; readonly fullName: string }[];
  }[];
}

/** Instead of a test's name, when what the tests of a file need could not be set up. */
export const BEFORE_THE_FIRST = '(before its first test)';

/** Names the test that failed first, from the runner's report; a file that could not begin, only where no test failed. */
const verdictOf = (directory: string, report: Report): Verdict => {
  const failed = report.testResults.flatMap(({ name, status, assertionResults }) => {
    const test = assertionResults.find((each) => each.status === 'failed');
    const file = path.relative(directory, name);
    return test || status === 'failed' ? [{ by: `${file} > ${test?.fullName ?? BEFORE_THE_FIRST}`, isTest: test !== undefined }] : [];
  });
  const first = failed.find(({ isTest }) => isTest) ?? failed[0];
  return first ? { fate: 'noticed', by: first.by } : { fate: 'stopped', how: 'an error outside of any test' };
};

const runTests = async (directory: string, killers: readonly string[], cluster: ClusterAddress | undefined, changed = ''): Promise<Verdict> => {
  const reportFile = path.join(directory, 'mutant-report.json');
  await rm(reportFile, { force: true });
  const runner = ['node_modules/vitest/vitest.mjs', 'run', '--config', 'test/prove/mutants/vitest.config.ts'];
  const options = ['--reporter=json', `--outputFile=${reportFile}`];
  const child = spawn(process.execPath, [...runner, ...options, ...killers], {
    cwd: directory,
    env: { ...cleanEnvironment(cluster), [CHANGED_FILE]: changed },
    stdio: 'ignore',
    detached: true,
  });
  const endAll = (): void => void process.kill(-child.pid!, 'SIGKILL');
  const timer = setTimeout(endAll, RUN_LIMIT_MS);
  process.once('exit', endAll);
  const { code, signal } = await new Promise<{ code: number | null; signal: string | null }>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', (exitCode, exitSignal) => resolve({ code: exitCode, signal: exitSignal }));
  });
  clearTimeout(timer);
  process.off('exit', endAll);
  if (signal !== null) return { fate: 'stopped', how: 'it never came to an end' };
  if (code === 0) return { fate: 'survived' };
  const text = await readFile(reportFile, 'utf8').catch(() => undefined);
  return text === undefined ? { fate: 'stopped', how: 'nothing starts any more' } : verdictOf(directory, JSON.parse(text) as Report);
};

const lineOf = (error: unknown): string => (error instanceof Error ? error.message : String(error)).split('\n')[0]!;

/** Tries a changed migration on a template of its own, on the cluster that all share. */
const onTemplate = async (directory: string, cluster: ClusterAddress, killers: readonly string[]): Promise<Verdict> => {
  const template = `tenantry_mutant_${randomBytes(6).toString('hex')}`;
  try {
    await createTemplate(cluster, template, { dir: path.join(directory, 'prisma/migrations') });
    return await runTests(directory, killers, { ...cluster, template });
  } catch (error) {
    return { fate: 'invalid', why: lineOf(error) };
  } finally {
    await withClient(cluster.superuserUrl, (client) => client.query(`DROP DATABASE IF EXISTS ${template} WITH (FORCE)`));
  }
};

/** Copies the project. The cluster is used by all mutants that do not change what a cluster is made of. */
export async function openWorkshop(root: string, cluster: ClusterAddress): Promise<Workshop> {
  const directory = await copyProject(root);
  return {
    async try({ file, source }, { killers, sqlOperators, ownCluster }) {
      const target = path.join(directory, file);
      const original = await readFile(target);
      await writeFile(target, source);
      try {
        if (sqlOperators) return await onTemplate(directory, cluster, killers);
        return await runTests(directory, killers, ownCluster ? undefined : cluster, file);
      } finally {
        await writeFile(target, original);
      }
    },
    tryUnchanged: (killers) => runTests(directory, killers, cluster),
    close: () => rm(directory, { recursive: true, force: true }),
  };
}
