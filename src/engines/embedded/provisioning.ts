import type { ProvisioningEngine } from '../../domains/organizations/index.ts';

/**
 * The engine inside the server: it works in the database that is there already, and the namespace is a column of what it
 * runs, so that nothing is to be made and nothing to be taken away.
 */
export function createEmbeddedProvisioning(): ProvisioningEngine {
  return {
    ensureNamespace: () => Promise.resolve(),
    retireNamespace: () => Promise.resolve(),
  };
}
