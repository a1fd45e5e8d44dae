/** Everything that can be allowed, as `noun:verb`. */
export const PERMISSIONS = [
  'organization:read',
  'organization:write',
  'organization:delete',
  'member:read',
  'member:write',
  'apiKey:read',
  'apiKey:write',
  'workflow:read',
  'workflow:write',
  'workflow:execute',
  'workflow:delete',
  'event:read',
  'event:append',
  'audit:read',
  'platform:admin',
] as const;

export type Permission = (typeof PERMISSIONS)[number];

/** Roles in an organization, from the weakest to the strongest. */
export const ORGANIZATION_ROLES = ['viewer', 'customer', 'member', 'manager', 'admin', 'owner'] as const;

export type OrganizationRole = (typeof ORGANIZATION_ROLES)[number];
export type SystemRole = 'user' | 'admin' | 'super_admin';

const READ: readonly Permission[] = ['organization:read', 'member:read', 'workflow:read'];
const WORK: readonly Permission[] = [...READ, 'workflow:write', 'workflow:execute', 'event:read', 'event:append'];
const MANAGE: readonly Permission[] = [...WORK, 'workflow:delete', 'member:write', 'apiKey:read', 'apiKey:write'];
const ADMINISTER: readonly Permission[] = [...MANAGE, 'organization:write', 'audit:read'];

/** What each role may do. Everybody manages their own API keys besides; that needs no permission. */
export const ROLE_PERMISSIONS: Readonly<Record<OrganizationRole, readonly Permission[]>> = {
  viewer: READ,
  customer: ['organization:read', 'workflow:read', 'workflow:execute'],
  member: WORK,
  manager: MANAGE,
  admin: ADMINISTER,
  owner: [...ADMINISTER, 'organization:delete'],
};

/** What a super administrator may do in the organization chosen for a request. */
export const OPERATOR_PERMISSIONS: readonly Permission[] = PERMISSIONS;

/** 0 for a viewer up to 5 for an owner. One acts only on roles strictly below one's own. */
export function roleRank(role: OrganizationRole): number {
  return ORGANIZATION_ROLES.indexOf(role);
}

/**
 * Whether somebody of role `actor` (null: a super administrator, above all roles) may act on, or hand out, `target`.
 * Managers are narrower than their rank: they deal with customers and viewers only.
 */
export function mayManageRole(actor: OrganizationRole | null, target: OrganizationRole): boolean {
  if (actor === null) return true;
  if (actor === 'manager') return target === 'customer' || target === 'viewer';
  return roleRank(target) < roleRank(actor);
}

/** A scope is a permission, `noun:*`, or `*`. */
export function isScope(scope: string): boolean {
  return scope === '*' || PERMISSIONS.some((permission) => covers(scope, permission));
}

/**
 * Whether one scope includes a permission. Whoever may do anything with a noun may read it: a change answers with what
 * it has changed, and must not be refused after it was done.
 */
export function covers(scope: string, permission: Permission): boolean {
  if (scope === '*' || scope === permission) return true;
  const [noun, verb] = scope.split(':');
  if (verb === '*') return permission.startsWith(`${noun}:`);
  return isPermission(scope) && permission === `${noun}:read`;
}

function isPermission(scope: string): boolean {
  return (PERMISSIONS as readonly string[]).includes(scope);
}

/** By the scopes of a key and what is granted to its owner: a key that is remembered asks at every request. */
const workedOut = new WeakMap<readonly string[], WeakMap<readonly Permission[], ReadonlySet<Permission>>>();

/** The permissions of `granted` that at least one scope includes: an API key never exceeds its owner. */
export function withinScopes(granted: readonly Permission[], scopes: readonly string[]): ReadonlySet<Permission> {
  let ofScopes = workedOut.get(scopes);
  if (!ofScopes) workedOut.set(scopes, (ofScopes = new WeakMap()));
  let reach = ofScopes.get(granted);
  if (!reach) ofScopes.set(granted, (reach = new Set(granted.filter((permission) => scopes.some((scope) => covers(scope, permission))))));
  return reach;
}

/** All that a key with these scopes can do: a wildcard stands for what the owner's role allows. */
export function reachOf(scopes: readonly string[], role: OrganizationRole): Permission[] {
  return PERMISSIONS.filter((permission) =>
    scopes.some(
      (scope) => scope === permission || (covers(scope, permission) && ROLE_PERMISSIONS[role].includes(permission)),
    ),
  );
}

/** Whether a key can do more than a role allows: then no member of that role may go on knowing its secret. */
export function exceeds(role: OrganizationRole, scopes: readonly string[], ownerRole: OrganizationRole): boolean {
  return reachOf(scopes, ownerRole).some((permission) => !ROLE_PERMISSIONS[role].includes(permission));
}
