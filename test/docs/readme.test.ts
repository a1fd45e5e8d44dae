import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import pino from 'pino';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { readConfig } from '../../src/config/index.ts';
import { runMigrate } from '../../src/ops/migrate.ts';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startEmbedded } from '../../src/platform/postgres/embedded/index.ts';
import { serve } from '../../src/serve.ts';
import { blockOf, project, readDocument } from './blocks.ts';

const readme = readDocument('README.md');
const run = promisify(execFile);

/** What a person's shell has, and nothing that this run of the tests has set. */
const environment = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', NO_COLOR: '1' };

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
};

/** The tree as a clone has it after `npm ci`: the sources, and what the install has made. */
const copyTree = (): string => {
  const copy = mkdtempSync(path.join(tmpdir(), 'tenantry-readme-'));
  // The embedded database runs as another account when this is root.
  chmodSync(copy, 0o755);
  for (const name of ['src', 'prisma', 'examples', 'package.json', 'tsconfig.json', 'prisma.config.ts']) {
    cpSync(path.join(project, name), path.join(copy, name), { recursive: true });
  }
  symlinkSync(path.join(project, 'node_modules'), path.join(copy, 'node_modules'));
  return copy;
};

describe('a newcomer', () => {
  let tree: string;
  let port: number;
  let server: ChildProcess;
  let printed = '';

  beforeAll(async () => {
    tree = copyTree();
    port = await freePort();
    // The way to another port that .env.example names.
    writeFileSync(path.join(tree, '.env'), `PORT=${port}\n`);
    server = spawn('npm', ['start'], { cwd: tree, env: environment, stdio: ['ignore', 'pipe', 'pipe'] });
    await new Promise<void>((resolve, reject) => {
      const read = (chunk: Buffer) => {
        printed += chunk.toString();
        if (/operator@tenantry\.example +\S+\n/.test(printed)) resolve();
      };
      server.stdout?.on('data', read);
      server.stderr?.on('data', read);
      server.once('exit', () => reject(new Error(`npm start ended: ${printed}`)));
    });
  });

  afterAll(async () => {
    if (server.exitCode === null) {
      server.kill('SIGTERM');
      await once(server, 'exit');
    }
    rmSync(tree, { recursive: true, force: true });
  });

  /** Runs blocks of the README one after the other, in the directory of the start, and answers the last one's output. */
  const inShell = async (...names: string[]): Promise<string> => {
    const blocks = names.map((name) => blockOf(readme, 'test', name).replaceAll('127.0.0.1:4000', `127.0.0.1:${port}`));
    const { stdout } = await run('bash', ['-euc', blocks.join('\necho ----\n')], { cwd: tree, env: environment });
    return stdout.split('----\n').at(-1) ?? '';
  };

  test('is told two commands that are enough', () => {
    // The first has made this test's node_modules.
    expect(blockOf(readme, 'test', 'start')).toBe('npm ci && npm start\n');
  });

  test('sees after npm start what the README shows', () => {
    const [, shown = ''] = /prints where everything is[\s\S]*?```\n([\s\S]*?)```/.exec(readme) ?? [];
    const plain = (text: string) =>
      text
        .replaceAll(new RegExp(`:${port}\\b`, 'g'), ':4000')
        .replaceAll(/tk_\w+/g, 'tk_...')
        .replaceAll(/(\.example +)\S+/g, '$1...');
    expect(plain(printed)).toContain(shown.trimEnd());
  });

  test.skipIf(spawnSync('curl', ['--version']).status !== 0)('gets the answers that the README shows', async () => {
    expect(JSON.parse(await inShell('query'))).toEqual(JSON.parse(blockOf(readme, 'test', 'answer')));
    const foreign = JSON.parse(await inShell('query', 'foreign'));
    expect(foreign).toMatchObject(JSON.parse(blockOf(readme, 'test', 'foreign answer')));
  });

  test('runs the script with the SDK', async () => {
    const [made, ...listed] = (await inShell('script')).trim().split('\n');
    expect(made).toMatch(/^Made greet-at-\S+, version 1\.$/);
    expect(listed).toHaveLength(5);
  });

  test('runs the query of a frontend', async () => {
    const page = await inShell('frontend');
    expect(page).toContain('<h1>Acme Corporation</h1>');
    expect(page).toContain('<p>name must be 1 to 255 characters long</p>');
  });

  test('stops the server and its database with a signal', async () => {
    server.kill('SIGTERM');
    await once(server, 'exit');
    await expect(fetch(`http://127.0.0.1:${port}/health/live`)).rejects.toThrow('fetch failed');
    expect(printed).toContain('finishing what is under way');
  });
});

test('somebody with a PostgreSQL of their own gets a migrated database and a server on it', async () => {
  const dataDir = mkdtempSync(path.join(tmpdir(), 'tenantry-readme-'));
  const cluster = await startEmbedded({ dataDir, log: () => undefined, settings: { fsync: 'off' }, initdbFlags: ['--no-sync'] });
  try {
    await withClient(cluster.superuserUrl('postgres'), async (client) => {
      // As it is before anybody has made anything of ours.
      await client.query('DROP DATABASE tenantry');
      await client.query('DROP ROLE tenantry_owner, tenantry_app');
      for (const statement of blockOf(readme, 'test', 'own database').split(';\n')) await client.query(statement);
    });
    const shell = blockOf(readme, 'test', 'own environment').replaceAll('127.0.0.1:5432', new URL(cluster.ownerUrl).host);
    const exported = Object.fromEntries([...shell.matchAll(/^export (\w+)=(.+)$/gm)].map(([, name, value]) => [name, value]));
    expect(shell).toContain('npm run migrate -- up\nnpm start\n');
    const base = { DATA_DIR: path.join(dataDir, 'server'), PORT: '0' };
    await runMigrate(['up'], readConfig({ ...base, ...exported }), () => undefined);
    const config = readConfig({ ...base, DATABASE_URL: exported['DATABASE_URL'] });
    const running = await serve(config, () => undefined, pino({ level: 'silent' }));
    try {
      expect((await fetch(new URL('/health/ready', running.url))).status).toBe(200);
    } finally {
      await running.stop();
    }
  } finally {
    await cluster.stop();
    rmSync(dataDir, { recursive: true, force: true });
  }
});
