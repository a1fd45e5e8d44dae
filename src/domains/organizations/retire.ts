import type { Clock } from '../../kernel/clock.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import type { Namespace, ProvisioningEngine } from './engine.ts';

/** How long the engine may take to let go of a namespace. */
const GIVE_UP_AFTER_MS = 5000;

export interface RetireDependencies {
  readonly db: TenantClient;
  readonly clock: Clock;
  readonly engine: ProvisioningEngine;
  /** Told when the engine did not let go: it is asked again. */
  onEngineFailure(error: unknown, namespace: Namespace): void;
}

/**
 * Has the engine let go of the namespace of an organization that is deleted, and remembers that it has. Call it in the
 * organization's scope.
 */
export async function retireNamespace({ db, clock, engine, onEngineFailure }: RetireDependencies, orgId: string): Promise<void> {
  const where = { id: orgId, status: 'deleted' as const, namespaceRetiredAt: null };
  const organization = await db.organization.findFirst({ where, select: { engineNamespace: true } });
  if (organization === null) return;
  const namespace = { orgId, namespace: organization.engineNamespace };
  try {
    await engine.retireNamespace(namespace, AbortSignal.timeout(GIVE_UP_AFTER_MS));
  } catch (error) {
    return onEngineFailure(error, namespace);
  }
  await db.organization.updateMany({ where, data: { namespaceRetiredAt: clock.now() } });
}
