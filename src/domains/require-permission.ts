import { ForbiddenError } from '../kernel/errors.ts';
import type { Permission } from '../kernel/permissions.ts';
import type { ServiceContext } from './service-context.ts';

/** Throws FORBIDDEN unless the caller has the permission. The doors ask too; this holds when one of them forgot. */
export function requirePermission(cx: ServiceContext, permission: Permission): void {
  if (!cx.principal.permissions.has(permission)) throw new ForbiddenError(undefined, { permission });
}
