import type { Clock } from '../../kernel/clock.ts';
import type { PreTenantDatabase, UnsettledOrganization } from '../../platform/postgres/pre-tenant.ts';
import type { TenantClient } from '../../platform/postgres/tenant-client.ts';
import { createScope, runInScope } from '../../platform/postgres/tenancy.ts';
import { retireNamespace } from '../organizations/index.ts';
import type { AccessChange, EventLog } from '../service-context.ts';
import { provision, type ProvisionDependencies } from './provision.ts';
import { settle } from './settle.ts';

export interface SweepDependencies {
  readonly preTenant: Pick<PreTenantDatabase, 'findUnsettledOrganizations'>;
  readonly db: TenantClient;
  readonly events: EventLog;
  readonly clock: Clock;
  readonly provisioning: ProvisionDependencies;
  accessChanged(change: AccessChange): void;
  /** Told of what kept a sweep, or its part for one organization, from being done. The next sweep tries again. */
  onFailure(error: unknown): void;
}

const EVERY_MS = 60_000;
/** One that the engine lets wait takes some seconds, and 100 of them in a row the time of many sweeps. */
const AT_ONCE = 4;

/**
 * Carries on with organizations that somebody has left half-way, as a killed process does: what was being provisioned is
 * provisioned, without a key (nobody would see its secret), and what was deleted gives its namespace back. Several
 * processes may do so at once.
 */
export async function sweep(dependencies: SweepDependencies): Promise<void> {
  const waiting = (await dependencies.preTenant.findUnsettledOrganizations()).values();
  // Of one iterator each takes what the others have not.
  const work = async (): Promise<void> => {
    for (const each of waiting) await carryOnWith(dependencies, each);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function carryOnWith(dependencies: SweepDependencies, { orgId, organizationStatus }: UnsettledOrganization): Promise<void> {
  const carryOn = organizationStatus === 'provisioning' ? resume : retire;
  try {
    await runInScope(createScope({ orgId, userId: null }), async () => {
      await noteAttempt(dependencies.db, orgId);
      await carryOn(dependencies, orgId);
    });
  } catch (error) {
    // One that cannot be carried on with does not keep the others waiting.
    dependencies.onFailure(error);
  }
}

/** The next sweep begins with those that were not tried for longer, and leaves this one alone for a minute. */
async function noteAttempt(db: TenantClient, orgId: string): Promise<void> {
  // It changes nothing but the moment that the database writes down at every change.
  await db.organization.updateMany({ where: { id: orgId, namespaceRetiredAt: null }, data: { namespaceRetiredAt: null } });
}

async function resume(dependencies: SweepDependencies, orgId: string): Promise<void> {
  const { db, events, clock, provisioning, accessChanged } = dependencies;
  const organization = await db.organization.findFirst({ where: { id: orgId }, select: { engineNamespace: true } });
  if (organization === null) return;
  const isReady = await provision(provisioning, { orgId, namespace: organization.engineNamespace });
  const cx = { principal: null, origin: { source: 'system' as const }, events, db, now: clock.now() };
  await settle(cx, orgId, { isReady, minted: null });
  accessChanged({ kind: 'org', id: orgId });
}

async function retire({ db, clock, provisioning }: SweepDependencies, orgId: string): Promise<void> {
  await retireNamespace({ db, clock, ...provisioning }, orgId);
}

export interface ProvisioningSweep {
  /** Ends it, and waits for what is under way. */
  stop(): Promise<void>;
}

/** Sweeps now and every minute from now on. */
export function startProvisioningSweep(dependencies: SweepDependencies): ProvisioningSweep {
  let underWay: Promise<void> | undefined;
  const run = (): void => {
    underWay ??= sweep(dependencies)
      .catch(dependencies.onFailure)
      .finally(() => {
        underWay = undefined;
      });
  };
  run();
  const timer = setInterval(run, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await underWay;
    },
  };
}
