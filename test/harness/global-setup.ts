import { startCluster } from './cluster.ts';
import { isClusterGiven, useCluster } from './current-cluster.ts';

/** One PostgreSQL for the whole run, unless one is given; each test file takes a copy of the migrated template. */
const setup = async (): Promise<(() => Promise<void>) | undefined> => {
  if (isClusterGiven()) return undefined;
  const cluster = await startCluster();
  useCluster(cluster.address);
  return cluster.stop;
};

export default setup;
