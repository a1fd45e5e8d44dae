import { startCluster } from './cluster.ts';
import { useCluster } from './current-cluster.ts';

/** One PostgreSQL for the whole run; each test file takes a copy of the migrated template. */
const setup = async (): Promise<() => Promise<void>> => {
  const cluster = await startCluster();
  useCluster(cluster.address);
  return cluster.stop;
};

export default setup;
