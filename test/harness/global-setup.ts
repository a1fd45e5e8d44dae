import type { TestProject } from 'vitest/node';
import { type ClusterAddress, startCluster } from './cluster.ts';

declare module 'vitest' {
  interface ProvidedContext {
    cluster: ClusterAddress;
  }
}

/** One PostgreSQL for the whole run; each test file takes a copy of the migrated template. */
const setup = async (project: TestProject): Promise<() => Promise<void>> => {
  const cluster = await startCluster();
  project.provide('cluster', cluster.address);
  return cluster.stop;
};

export default setup;
