import { setTimeout as wait } from 'node:timers/promises';
import type { Namespace, ProvisioningEngine } from '../organizations/index.ts';

/** What provisioning needs of the world outside, so that a test decides how long a wait is. */
export interface ProvisionDependencies {
  readonly engine: ProvisioningEngine;
  wait(ms: number): Promise<void>;
  /** From 0 to just under 1. */
  random(): number;
  /** Told why a try has failed: the engine's own words are for the operator's log. */
  onEngineFailure(error: unknown, namespace: Namespace): void;
}

/** Provisioning on an engine, with the clock and the chance of this machine. */
export function provisioningOn(engine: ProvisioningEngine, onEngineFailure: ProvisionDependencies['onEngineFailure']): ProvisionDependencies {
  return { engine, onEngineFailure, wait: (ms) => wait(ms), random: Math.random };
}

const RETRY_DELAYS_MS = [500, 1000, 2000];

/** All tries and waits together: less than a request may take. */
const GIVE_UP_AFTER_MS = 8000;

/**
 * Has the engine make ready for an organization: four tries, with 0.5, 1 and 2 seconds between them, each half as long or
 * half as long again by chance, so that what failed together does not come back together.
 *
 * @returns whether it is ready.
 */
export async function provision(dependencies: ProvisionDependencies, namespace: Namespace): Promise<boolean> {
  const { engine, random, onEngineFailure } = dependencies;
  const signal = AbortSignal.timeout(GIVE_UP_AFTER_MS);
  for (const delayMs of [...RETRY_DELAYS_MS, null]) {
    try {
      await engine.ensureNamespace(namespace, signal);
      return true;
    } catch (error) {
      onEngineFailure(error, namespace);
      if (delayMs === null || signal.aborted) return false;
      await dependencies.wait(delayMs * (0.5 + random()));
    }
  }
  return false;
}
