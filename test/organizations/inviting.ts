import type { World } from '../harness/world.ts';
import { openServer, type Server } from './server.ts';

/** Companies that invite, and what is answered to them. */
export interface Inviting {
  readonly server: Server;
  /** One more company. */
  company(): Promise<World>;
  /** Calls a mutation of invitations: what it selects, or the code and message of its refusal. */
  mutate(name: string, input: object, as?: string, headers?: Record<string, string>): Promise<any>;
  invite(world: World, email: string, role?: string, as?: string): Promise<any>;
  accept(input: object, as?: string): Promise<any>;
  membersOf(world: World, email: string): Promise<Record<string, unknown>[]>;
}

const INVITATION = 'invitation { id email role status sentCount }';
const SUCCESSES: Record<string, string> = { acceptInvitation: 'organizationId memberId', inviteMember: INVITATION, resendInvitation: INVITATION, revokeInvitation: INVITATION };

export async function openInviting(): Promise<Inviting> {
  const server = await openServer();
  let companies = 0;
  const mutate: Inviting['mutate'] = async (name, input, as, headers = {}) => {
    const type = `${name[0]!.toUpperCase()}${name.slice(1)}`;
    const success = SUCCESSES[name] ?? '__typename';
    const query = `mutation ($input: ${type}Input!) { ${name}(input: $input) { __typename ... on ${type}Success { ${success} } ... on Error { code message } } }`;
    const { data, errors } = await server.call(query, { input }, { as, headers });
    return errors ? { code: errors[0]!.extensions.code, message: errors[0]!.message } : data[name];
  };
  return {
    server,
    company: () => server.company(`inviting${(companies += 1)}`, 1),
    mutate,
    invite: (world, email, role = 'VIEWER', as = world.keys.owner) => mutate('inviteMember', { email, role }, as),
    accept: (input, as) => mutate('acceptInvitation', input, as),
    membersOf: (world, email) => server.sql('SELECT role::text, status::text, name FROM iam.memberships WHERE org_id = $1 AND email = $2', world.orgUuid, email),
  };
}
