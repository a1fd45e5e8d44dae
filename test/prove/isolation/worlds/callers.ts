import { fromGlobalId } from '../../../../src/kernel/ids.ts';
import { ORGANIZATION_ROLES } from '../../../../src/kernel/permissions.ts';
import { createScope, runInScope } from '../../../../src/platform/postgres/tenancy.ts';
import type { TestApp } from '../../../harness/app.ts';
import { signIn, type World } from '../../../harness/world.ts';
import { PERSON_OF_BOTH } from './own-rows.ts';

/** Somebody who asks, and what is sent along. */
export interface Caller {
  readonly name: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Every kind of caller that can be in an organization, or nowhere. */
export interface Callers {
  readonly all: readonly Caller[];
  readonly owner: Caller;
  /** The owner in person: what belongs to persons, and what asks for a proof that one is there, no key comes by. */
  readonly person: Caller;
  readonly operator: Caller;
  readonly nobody: Caller;
}

const bearer = (token: string): Record<string, string> => ({ authorization: `Bearer ${token}` });

/** Gives the organization its person of both and its narrow key, and lists everybody who can come. */
export async function makeCallers(testApp: TestApp, world: World, operatorToken: string): Promise<Callers> {
  const { app } = testApp;
  const within = { 'x-organization-id': world.organizationId };
  const owner = await app.services.auth.authenticate(world.keys.owner, null);
  const scope = createScope({ orgId: world.orgUuid, userId: owner.userId });
  const narrow = await runInScope(scope, async () => {
    const cx = app.serviceContext(owner);
    await app.services.members.add(cx, { email: PERSON_OF_BOTH, name: 'Both', role: 'member' });
    return app.services.apiKeys.create(cx, { name: 'Narrow key', scopes: ['workflow:read'] });
  });
  const byRole = ORGANIZATION_ROLES.map((role) => ({ name: `${role}'s key`, headers: bearer(world.keys[role]) }));
  const operator = { name: 'operator in the organization', headers: { ...bearer(operatorToken), ...within } };
  const person = { name: 'session of the owner', headers: bearer(await signIn(app, world.email('owner'))) };
  const nobody = { name: 'nobody', headers: {} };
  return {
    owner: byRole.at(-1)!,
    person,
    operator,
    nobody,
    all: [
      ...byRole,
      { name: 'narrow key', headers: bearer(narrow.secret!) },
      person,
      { name: 'session of an admin', headers: bearer(await signIn(app, world.email('admin'))) },
      { name: 'person of both organizations', headers: { ...bearer(await signIn(app, PERSON_OF_BOTH)), ...within } },
      operator,
      { name: 'operator outside', headers: bearer(operatorToken) },
      nobody,
    ],
  };
}

/** The UUID in a global id. */
export const uuidIn = (id: string): string => fromGlobalId(id)!.uuid;
