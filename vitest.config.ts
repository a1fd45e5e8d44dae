import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // Vite resolves packages under the condition "development", where graphql keeps a second copy of itself; Node, which
  // loads the libraries, does not. Two copies do not know each other's classes, so the tests take Node's.
  resolve: { alias: [{ find: /^graphql$/, replacement: fileURLToPath(import.meta.resolve('graphql')) }] },
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['test/harness/global-setup.ts'],
    pool: 'forks',
    // A worker goes on to its next file with the modules it has: to load them anew for each took a third of the run. So no
    // test may leave anything changed that is the process' own.
    isolate: false,
    maxWorkers: 2,
    // Real servers and processes on a busy machine: long enough that only a hanging test meets it.
    expect: { poll: { timeout: 30_000 } },
    testTimeout: 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 30_000,
  },
});
