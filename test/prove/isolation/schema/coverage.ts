import { isObjectType } from 'graphql';
import type { Strike } from '../attack/strike.ts';
import { fieldsOf, type Path } from './paths.ts';
import type { PositionKind } from './positions.ts';

/** Filters, orders and pages of queries are the oracles' part. */
const isOfCases = (path: Path, kind: PositionKind): boolean => kind === 'id' || path[0]!.parent.name !== 'Query';

const WITH_REFRESH_TOKEN = 'Comes with a refresh token, which no caller of the proof has; test/domains/sessions.test.ts has.';

const WITH_SECOND_FACTOR = 'Comes with a second factor that was set up, which no caller of the proof has; test/people has.';

const WITH_MAILED_TOKEN = 'Comes with a token of a mail, which no caller of the proof has; test/people and test/organizations have.';
const WITH_OWN_PASSWORD = 'Comes with the password of the caller, which the proof does not send; test/people/passwords.test.ts has.';
const NOT_IN_THIS_STATE = 'No organization of the proof rests or could not be set up; test/organizations has such.';
const AT_A_CONDITION = 'Appends of the proof have no condition that fails; test/api/events.test.ts has.';
const BEHIND_THE_FIRST_PAGE = 'Only of events behind the first page, which the oracles read by its size.';
const OPENED_WITHOUT_A_REQUEST = 'Sessions of the proof are opened without a request; test/people/sessions.test.ts has.';

/** Fields that have no value in any answer of this part, with the reason. */
const NEVER_SEEN: Readonly<Record<string, string>> = {
  'AcceptInvitationSuccess.accessExpiresAt': WITH_MAILED_TOKEN,
  'AcceptInvitationSuccess.accessToken': WITH_MAILED_TOKEN,
  'AcceptInvitationSuccess.memberId': WITH_MAILED_TOKEN,
  'AcceptInvitationSuccess.organizationId': WITH_MAILED_TOKEN,
  'AcceptInvitationSuccess.refreshExpiresAt': WITH_MAILED_TOKEN,
  'AcceptInvitationSuccess.refreshToken': WITH_MAILED_TOKEN,
  'ApiKey.supersededById': 'No list of the proof shows a key that was rotated; test/api-keys has.',
  'AppendConditionFailedError.code': AT_A_CONDITION,
  'AppendConditionFailedError.message': AT_A_CONDITION,
  'AppendConditionFailedError.position': AT_A_CONDITION,
  'ChangePasswordSuccess.sessionsEnded': WITH_OWN_PASSWORD,
  'CompleteSignInSuccess.accessExpiresAt': WITH_SECOND_FACTOR,
  'CompleteSignInSuccess.accessToken': WITH_SECOND_FACTOR,
  'CompleteSignInSuccess.recoveryCodesLeft': WITH_SECOND_FACTOR,
  'CompleteSignInSuccess.refreshExpiresAt': WITH_SECOND_FACTOR,
  'CompleteSignInSuccess.refreshToken': WITH_SECOND_FACTOR,
  'ConfirmTotpSuccess.recoveryCodes': WITH_SECOND_FACTOR,
  'DisableTotpSuccess.disabled': WITH_SECOND_FACTOR,
  'Event.ip': BEHIND_THE_FIRST_PAGE,
  'Event.userAgent': BEHIND_THE_FIRST_PAGE,
  'ProvisioningFailedError.code': NOT_IN_THIS_STATE,
  'ProvisioningFailedError.message': NOT_IN_THIS_STATE,
  'ProvisioningFailedError.organizationId': NOT_IN_THIS_STATE,
  'ReactivateOrganizationSuccess.organizationId': NOT_IN_THIS_STATE,
  'ReactivateOrganizationSuccess.status': NOT_IN_THIS_STATE,
  'RefreshSessionSuccess.accessExpiresAt': WITH_REFRESH_TOKEN,
  'RefreshSessionSuccess.accessToken': WITH_REFRESH_TOKEN,
  'RefreshSessionSuccess.refreshExpiresAt': WITH_REFRESH_TOKEN,
  'RefreshSessionSuccess.refreshToken': WITH_REFRESH_TOKEN,
  'RegenerateRecoveryCodesSuccess.recoveryCodes': WITH_SECOND_FACTOR,
  'ResetPasswordSuccess.accessExpiresAt': WITH_MAILED_TOKEN,
  'ResetPasswordSuccess.accessToken': WITH_MAILED_TOKEN,
  'ResetPasswordSuccess.refreshExpiresAt': WITH_MAILED_TOKEN,
  'ResetPasswordSuccess.refreshToken': WITH_MAILED_TOKEN,
  'RetryProvisioningSuccess.apiKeyId': NOT_IN_THIS_STATE,
  'RetryProvisioningSuccess.apiKeySecret': NOT_IN_THIS_STATE,
  'RetryProvisioningSuccess.organizationId': NOT_IN_THIS_STATE,
  'RetryProvisioningSuccess.ownerId': NOT_IN_THIS_STATE,
  'SecondFactor.confirmedAt': WITH_SECOND_FACTOR,
  'SecondFactorRequired.challengeToken': WITH_SECOND_FACTOR,
  'SecondFactorRequired.expiresAt': WITH_SECOND_FACTOR,
  'Session.ip': OPENED_WITHOUT_A_REQUEST,
  'Session.userAgent': OPENED_WITHOUT_A_REQUEST,
  'StepUpSuccess.provedUntil': WITH_SECOND_FACTOR,
  'StepUpSuccess.recoveryCodesLeft': WITH_SECOND_FACTOR,
  'User.timezone': 'Nobody of the proof has chosen one; test/people has.',
  'VerifyEmailSuccess.accessExpiresAt': WITH_MAILED_TOKEN,
  'VerifyEmailSuccess.accessToken': WITH_MAILED_TOKEN,
  'VerifyEmailSuccess.refreshExpiresAt': WITH_MAILED_TOKEN,
  'VerifyEmailSuccess.refreshToken': WITH_MAILED_TOKEN,
};

/** A field or a place of the schema that no attack has come by is as bad as a leak: it fails the run with its name. */
export function reportUnattacked({ schema, positions, findings, arena, effort }: Strike): void {
  const caller = arena.callers.owner;
  const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && !type.name.startsWith('__') ? fieldsOf(type).map(({ name }) => `${type.name}.${name}`) : [],
  );
  const places = positions.filter(({ path, kind }) => isOfCases(path, kind)).map(({ key }) => key);
  for (const each of [...fields, ...places]) {
    if (!findings.attacked.has(each)) findings.found({ positions: [each], caller }, 'nothing has attacked this');
  }
  if (effort === 'bounded') return;
  const unseen = fields.filter((field) => !findings.seen.has(field) && !/^(Query|Mutation|Subscription)\./.test(field));
  for (const field of unseen.filter((each) => !(each in NEVER_SEEN))) findings.found({ positions: [field], caller }, 'it never had a value, so that nothing of it was shown');
  for (const field of Object.keys(NEVER_SEEN).filter((each) => !unseen.includes(each))) findings.found({ positions: [field], caller }, 'it has a value now: take it out of the list');
  findings.note(`${fields.length} fields were read; all but ${unseen.length} of them with a value. ${unseen.map((field) => `${field}: ${NEVER_SEEN[field]}`).join(' ')}`);
}
