import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';

const project = path.resolve(import.meta.dirname, '../..');

const runLaw = (root?: string) => {
  const argv = [path.join(project, 'scripts/check-imports.ts'), ...(root ? [root] : [])];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: 'utf8' });
  return { status, stdout, stderr };
};

/** For each rule a file that breaks it, put into a copy of the tree. */
const planted: Readonly<Record<string, { readonly file: string; readonly text: string }>> = {
  'area-kernel': { file: 'src/kernel/planted.ts', text: "export type { Config } from '../config/index.ts';" },
  'area-sdk': { file: 'src/sdk/planted.ts', text: "export type { ErrorCode } from '../kernel/errors.ts';" },
  'area-config': { file: 'src/config/planted.ts', text: "import '../platform/crypto/keys.ts';" },
  'area-platform': { file: 'src/platform/planted.ts', text: "export type { MemberService } from '../domains/identity/index.ts';" },
  'area-domains': { file: 'src/domains/organizations/planted.ts', text: "export const late = () => import('../../graphql/context.ts');" },
  'area-engines': { file: 'src/engines/embedded/planted.ts', text: "import '../../domains/organizations/organization.rules.ts';" },
  'area-graphql': { file: 'src/graphql/workflows/planted.ts', text: "export { runInScope } from '../../platform/postgres/tenancy.ts';" },
  'area-http': { file: 'src/http/planted.ts', text: "import '../domains/workflows/workflow.service.ts';" },
  'area-ops': { file: 'src/ops/planted.ts', text: "export type { MemberService } from '../domains/identity/index.ts';" },
  'area-cli': { file: 'src/cli/planted.ts', text: "export type { ErrorCode } from '../kernel/errors.ts';" },
  'builder-only': { file: 'src/graphql/builder.ts', text: "import '../http/yoga.ts';" },
  'known-area': { file: 'src/planted/planted.ts', text: "import '../kernel/errors.ts';" },
  'known-domain': { file: 'src/domains/planted/index.ts', text: "import '../workflows/index.ts';" },
  'front-door': { file: 'src/domains/workflows/planted.ts', text: "import '../organizations/organization.rules.ts';" },
  'shared-words': { file: 'src/domains/planted.ts', text: "import './organizations/index.ts';" },
  entries: { file: 'src/http/planted2.ts', text: "export type { App } from '../compose.ts';" },
  'tests-stay-outside': { file: 'src/platform/planted2.ts', text: "import '../../test/harness/app.ts';" },
  'pre-tenant': { file: 'src/domains/workflows/planted2.ts', text: "import '../../platform/postgres/pre-tenant.ts';" },
  'generated-client': { file: 'src/domains/workflows/planted3.ts', text: "import '../../platform/postgres/generated/client/client.ts';" },
  'database-driver': { file: 'src/ops/planted2.ts', text: "import 'pg';" },
  'no-door-inside': { file: 'src/domains/workflows/planted4.ts', text: "import 'graphql';" },
  'no-development-package': { file: 'src/ops/planted3.ts', text: "import 'vitest';" },
  resolvable: { file: 'src/ops/planted4.ts', text: "import './nowhere.ts';" },
  'no-cycle': { file: 'src/ops/planted5.ts', text: "import './planted6.ts';" },
};

interface Law {
  readonly DOMAINS: readonly string[];
  readonly default: { readonly forbidden: readonly { readonly name: string }[] };
}
const { DOMAINS, default: law } = (await import(path.join(project, '.dependency-cruiser.mjs'))) as Law;

/** Each domain but the last imports the one after it. */
const plantedOrders = Object.fromEntries(
  DOMAINS.slice(0, -1).map((domain, index) => [
    `order-${domain}`,
    { file: `src/domains/${domain}/planted-order.ts`, text: `import '../${DOMAINS[index + 1]}/index.ts';` },
  ]),
);

let copy: string;

beforeAll(() => {
  copy = mkdtempSync(path.join(tmpdir(), 'tenantry-law-'));
  for (const name of ['src', 'prisma', 'package.json']) cpSync(path.join(project, name), path.join(copy, name), { recursive: true });
  cpSync(path.join(project, 'test/harness'), path.join(copy, 'test/harness'), { recursive: true });
  symlinkSync(path.join(project, 'node_modules'), path.join(copy, 'node_modules'));
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test('the tree keeps the law of imports', () => {
  const { status, stdout, stderr } = runLaw();
  expect(stderr).toBe('');
  expect(stdout).toMatch(/^The law of imports holds: \d{3,} modules of src, \d{3,} imports\.$/m);
  expect(status).toBe(0);
});

test('every rule notices a file that breaks it, also by a type or a dynamic import', () => {
  const all = { ...planted, ...plantedOrders };
  for (const { file, text } of Object.values(all)) {
    mkdirSync(path.dirname(path.join(copy, file)), { recursive: true });
    writeFileSync(path.join(copy, file), `${text}\n`);
  }
  writeFileSync(path.join(copy, 'src/ops/planted6.ts'), "import './planted5.ts';\n");
  const { status, stderr } = runLaw(copy);
  expect(status).toBe(1);
  const noticed = law.forbidden.map(({ name }) => name).filter((name) => stderr.includes(`${name}: ${all[name]?.file} -> `));
  expect(noticed).toEqual(law.forbidden.map(({ name }) => name));
});

test('a run that read no module fails', () => {
  const empty = mkdtempSync(path.join(tmpdir(), 'tenantry-law-'));
  try {
    mkdirSync(path.join(empty, 'src'));
    expect(runLaw(empty).status).toBe(1);
  } finally {
    rmSync(empty, { recursive: true, force: true });
  }
});
