import type { ClusterAddress } from './cluster.ts';

const VARIABLE = 'TENANTRY_TEST_CLUSTER';

/** Makes a cluster the one that test databases are made on, in this process and those that it starts. */
export const useCluster = (address: ClusterAddress): void => {
  process.env[VARIABLE] = JSON.stringify(address);
};

/** Whether somebody has started a cluster already, to be used and to be left running. */
export const isClusterGiven = (): boolean => process.env[VARIABLE] !== undefined;

/** The cluster of this run: started once, by the test runner or by the program that proves something. */
export const currentCluster = (): ClusterAddress => {
  const address = process.env[VARIABLE];
  if (!address) throw new Error('No test cluster was started: begin with startCluster() and useCluster().');
  return JSON.parse(address) as ClusterAddress;
};
