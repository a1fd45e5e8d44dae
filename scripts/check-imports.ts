import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

// `npm run imports`: holds the tree, or the directory given, to the law of imports in .dependency-cruiser.mjs.

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
  readonly cycle?: readonly { readonly name: string }[];
}

interface Report {
  readonly summary: {
    readonly violations: readonly Violation[];
    readonly totalDependenciesCruised: number;
    readonly ruleSetUsed: { readonly forbidden: readonly { readonly name: string; readonly comment: string }[] };
  };
  readonly modules: readonly { readonly source: string }[];
}

const law = fileURLToPath(new URL('../.dependency-cruiser.mjs', import.meta.url));
const cruiser = fileURLToPath(new URL('../node_modules/.bin/depcruise', import.meta.url));
const root = path.resolve(process.argv[2] ?? path.dirname(law));

function cruise(): Report {
  const directories = ['src', 'prisma', 'scripts', 'test', 'bench', 'examples'].filter((name) => existsSync(path.join(root, name)));
  const { status, stdout, stderr } = spawnSync(process.execPath, [cruiser, '--config', law, '--output-type', 'json', ...directories], {
    cwd: root,
    encoding: 'utf8',
    maxBuffer: 2 ** 28,
  });
  try {
    return JSON.parse(stdout) as Report;
  } catch {
    throw new Error(`dependency-cruiser ended with ${status} and no report: ${stderr.trim() || stdout.slice(0, 500)}`);
  }
}

const { summary, modules } = cruise();
const reasons = new Map(summary.ruleSetUsed.forbidden.map(({ name, comment }) => [name, comment]));
const ownModules = modules.filter(({ source }) => source.startsWith('src/'));

for (const { from, to, rule, cycle } of summary.violations) {
  const way = cycle ? cycle.map(({ name }) => name).join(' -> ') : to;
  console.error(`${rule.name}: ${from} -> ${way}\n  ${reasons.get(rule.name)}`);
}
// A run that read nothing finds nothing wrong, so it must not pass.
if (ownModules.length === 0 || summary.totalDependenciesCruised === 0) {
  console.error(`No module of src was read below ${root}: the law of imports was not checked.`);
  process.exitCode = 1;
} else if (summary.violations.length > 0) {
  console.error(`${summary.violations.length} imports break the law.`);
  process.exitCode = 1;
} else {
  console.log(`The law of imports holds: ${ownModules.length} modules of src, ${summary.totalDependenciesCruised} imports.`);
}
