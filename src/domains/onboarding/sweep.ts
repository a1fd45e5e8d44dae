import type { Clock } from '../../kernel/clock.ts';
import type { PreTenantDatabase } from '../../platform/postgres/pre-tenant.ts';
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

/** What began so lately is still being done by whoever began it. */
const LEFT_ALONE_MS = 60_000;
const EVERY_MS = 60_000;

/**
 * Carries on with organizations that somebody has left half-way, as a killed process does: what was being provisioned is
 * provisioned, without a key (nobody would see its secret), and what was deleted gives its namespace back. Several
 * processes may do so at once.
 */
export async function sweep(dependencies: SweepDependencies): Promise<void> {
  const before = new Date(dependencies.clock.now().getTime() - LEFT_ALONE_MS);
  for (const { orgId, organizationStatus } of await dependencies.preTenant.findUnsettledOrganizations(before)) {
    try {
      const carryOn = organizationStatus === 'provisioning' ? resume : retire;
      await runInScope(createScope({ orgId, userId: null }), () => carryOn(dependencies, orgId));
    } catch (error) {
      // One that cannot be carried on with does not keep the others waiting.
      dependencies.onFailure(error);
    }
  }
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
