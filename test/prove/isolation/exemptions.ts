/** Something that looks like a leak, was judged, and is meant to be so. */
export interface Exemption {
  readonly name: string;
  /** The coordinate of a field or the key of a position, as the proof names them. */
  readonly position: string;
  /** Who is exempt; everybody when it is not said. */
  readonly callers?: readonly string[];
  /** Whether rows of the other organization may change, too: never unless it is said. */
  readonly mayChange?: true;
  readonly reason: string;
  /** Where it is asked for. */
  readonly requirement: string;
}

const OPERATORS = ['operator in the organization', 'operator outside'];
const PERSON_OF_BOTH = ['person of both organizations'];

const NAMES = {
  reason: 'Names and slugs of organizations are unique in the installation: a taken one is a CONFLICT, which tells that it is taken and nothing else.',
  requirement: 'A3',
};
const MAIL_TO_A_PERSON = {
  mayChange: true as const,
  reason: 'It writes a token for whoever has the address, whom the mail tells of it; the answer is the same for every address, and no organization is concerned.',
  requirement: 'B1, B2',
};
const PLATFORM_ACT = { callers: OPERATORS, mayChange: true as const, reason: 'An administrator of the platform suspends, activates and deletes any organization.', requirement: 'Organization status; A1' };

const PLATFORM_VIEW = {
  callers: OPERATORS,
  reason: 'An administrator of the platform sees the names, states and counts of all organizations, and nothing that they have put in; that it looked is written down.',
  requirement: 'Platform administration: organizations and usage, through a role of their own',
};

/** Answered to administrators of the platform alone; whoever is of an organization is refused. */
export const PLATFORM_VIEWS: ReadonlySet<string> = new Set(['Query.platformOrganizations', 'Query.platformUsage', 'Query.platformTotals']);

/**
 * Reviewed by hand. One that no attack needs any more fails the full run: what was allowed for a reason that is gone
 * must not hide what comes later.
 */
export const EXEMPTIONS: readonly Exemption[] = [
  { name: 'taken name, new organization', position: 'Mutation.createOrganization(input.name)', ...NAMES },
  { name: 'taken slug, new organization', position: 'Mutation.createOrganization(input.slug)', ...NAMES },
  { name: 'taken name', position: 'Mutation.updateOrganization(input.name)', ...NAMES },
  { name: 'taken slug', position: 'Mutation.updateOrganization(input.slug)', ...NAMES },
  { name: 'suspension by the platform', position: 'Mutation.suspendOrganization(input.id)', ...PLATFORM_ACT },
  { name: 'activation by the platform', position: 'Mutation.activateOrganization(input.id)', ...PLATFORM_ACT },
  { name: 'deletion by the platform', position: 'Mutation.deleteOrganization(input.id)', ...PLATFORM_ACT },
  { name: 'provisioning by the platform', position: 'Mutation.retryProvisioning(input.id)', ...PLATFORM_ACT },
  { name: 'organizations seen by the platform', position: 'Query.platformOrganizations', ...PLATFORM_VIEW },
  { name: 'usage seen by the platform', position: 'Query.platformUsage', ...PLATFORM_VIEW },
  { name: 'numbers seen by the platform', position: 'Query.platformTotals', ...PLATFORM_VIEW },
  {
    name: 'choice of an operator',
    position: 'X-Organization-Id',
    callers: OPERATORS,
    reason: 'An administrator of the platform works in the organization that the header names, one in each request.',
    requirement: 'Choices: a super_admin works in one organization per request, chosen by header',
  },
  {
    name: 'choice of a person of both',
    position: 'X-Organization-Id',
    callers: PERSON_OF_BOTH,
    reason: 'Somebody who is a member of both organizations may work in either.',
    requirement: 'B5',
  },
  {
    name: 'list of a person of both',
    position: 'Viewer.organizations',
    callers: PERSON_OF_BOTH,
    reason: 'Somebody who is a member of both organizations is told so, to choose.',
    requirement: 'B5',
  },
  {
    name: 'sign-in',
    position: 'Mutation.signIn(input.email)',
    mayChange: true,
    reason: 'It makes a session. Signing in happens before an organization is chosen: the right address and password let in, wherever the person is a member.',
    requirement: 'B1, B5',
  },
  { name: 'registration', position: 'Mutation.register(input.email)', ...MAIL_TO_A_PERSON },
  { name: 'forgotten password', position: 'Mutation.requestPasswordReset(input.email)', ...MAIL_TO_A_PERSON },
];
