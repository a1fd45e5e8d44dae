import { isObjectType } from 'graphql';
import type { Strike } from '../attack/strike.ts';
import { fieldsOf, type Path } from './paths.ts';
import type { PositionKind } from './positions.ts';

/** Filters, orders and pages of queries are the oracles' part. */
const isOfCases = (path: Path, kind: PositionKind): boolean => kind === 'id' || path[0]!.parent.name !== 'Query';

const WITH_REFRESH_TOKEN = 'Comes with a refresh token, which no caller of the proof has; test/domains/sessions.test.ts has.';

const WITH_SECOND_FACTOR = 'Comes with a second factor that was set up, which no caller of the proof has; test/people has.';

/** Fields that have no value in any answer of this part, with the reason. */
const NEVER_SEEN: Readonly<Record<string, string>> = {
  'CompleteSignInSuccess.accessExpiresAt': WITH_SECOND_FACTOR,
  'CompleteSignInSuccess.accessToken': WITH_SECOND_FACTOR,
  'CompleteSignInSuccess.recoveryCodesLeft': WITH_SECOND_FACTOR,
  'CompleteSignInSuccess.refreshExpiresAt': WITH_SECOND_FACTOR,
  'CompleteSignInSuccess.refreshToken': WITH_SECOND_FACTOR,
  'ConfirmTotpSuccess.recoveryCodes': WITH_SECOND_FACTOR,
  'DisableTotpSuccess.disabled': WITH_SECOND_FACTOR,
  'Member.leftAt': 'Only a list that is filtered by it shows who left; the oracles read that.',
  'RefreshSessionSuccess.accessExpiresAt': WITH_REFRESH_TOKEN,
  'RefreshSessionSuccess.accessToken': WITH_REFRESH_TOKEN,
  'RefreshSessionSuccess.refreshExpiresAt': WITH_REFRESH_TOKEN,
  'RefreshSessionSuccess.refreshToken': WITH_REFRESH_TOKEN,
  'RegenerateRecoveryCodesSuccess.recoveryCodes': WITH_SECOND_FACTOR,
  'SecondFactor.confirmedAt': WITH_SECOND_FACTOR,
  'SecondFactorRequired.challengeToken': WITH_SECOND_FACTOR,
  'SecondFactorRequired.expiresAt': WITH_SECOND_FACTOR,
  'StepUpSuccess.provedUntil': WITH_SECOND_FACTOR,
  'StepUpSuccess.recoveryCodesLeft': WITH_SECOND_FACTOR,
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
