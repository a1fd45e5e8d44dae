import type { Clock } from '../../kernel/clock.ts';
import type { Origin } from '../../kernel/origin.ts';
import type { HashingFor } from '../../platform/crypto/hashing-lanes.ts';
import type { Hashing } from '../../platform/crypto/passwords.ts';
import type { Mailer } from '../../platform/mail/index.ts';
import type { PeopleCredentials } from '../../platform/postgres/people-credentials.ts';
import { networkOf } from '../../platform/rate-limits/network.ts';
import type { AttemptSubjects, AuthService, CountAttempt } from '../auth/index.ts';
import type { MailSettings } from '../mails/index.ts';

/** To which address something was sent, if anybody has it. */
export interface SentTo {
  readonly sentTo: string;
}

export interface PeopleDependencies {
  readonly preTenant: PeopleCredentials;
  readonly clock: Clock;
  readonly hashing: Hashing;
  readonly countAttempt: CountAttempt;
  readonly attemptSubjects: AttemptSubjects;
  readonly mailer: Mailer;
  readonly mails: MailSettings;
  readonly auth: Pick<AuthService, 'openSessionIf' | 'openChallengeIf' | 'forget'>;
}

/** The lane of a password: always that of a guess, by the network it comes from. */
export function laneOf({ ip }: Origin): HashingFor {
  return { lane: 'guess', network: networkOf(ip ?? null) };
}
