import type { UserStatus } from './generated/client/client.ts';

/** An attempt that was counted before anything is compared. */
export interface TakenAttempt {
  /** What is counted was locked before this attempt. */
  readonly locked: boolean;
  /** Not null when this attempt, unless it is settled, is the one that locks it: until when. */
  readonly locksUntil: Date | null;
}

/** What a sign-in compares against: the same for an address that nobody has, with nothing in it. */
export interface FoundSignIn extends TakenAttempt {
  /** Null when nobody has the address. */
  readonly userId: string | null;
  /** Null also for an identity that has no password yet. */
  readonly passwordHash: string | null;
  readonly userStatus: UserStatus | null;
  /** Whether a confirmed second factor is asked for after the password. */
  readonly secondFactor: boolean;
}

/** What credentials.tokens knows a token by. */
export type TokenPurpose = 'verify_email' | 'reset_password' | 'second_factor';

/** A registration, as it is kept until the address is proved. */
export interface NewRegistration {
  /** In lower case. */
  readonly email: string;
  readonly name: string | null;
  /** SHA-256 of the token. */
  readonly hash: Uint8Array;
  readonly passwordHash: string;
  readonly expiresAt: Date;
}

/** A token that works, and whose it is. */
export interface OpenToken {
  readonly userId: string;
  readonly email: string;
  readonly name: string | null;
  /** What was chosen at registration; null for any other purpose. */
  readonly passwordHash: string | null;
  /** Whether the person has a confirmed second factor to show. */
  readonly secondFactor: boolean;
}

/** How many live keys a person owns or has made. */
export interface LiveKeys {
  readonly keys: number;
  /** In how many organizations those are. */
  readonly organizations: number;
}

/** What proves who a person is: reached through the definer functions of the migration of people and nothing else. */
export interface PeopleCredentials {
  /** Counts an attempt to prove to be somebody. @param subjectHash what it is counted under, in 32 bytes. */
  takeSignInAttempt(subjectHash: Uint8Array, now: Date): Promise<TakenAttempt>;
  /**
   * Counts an attempt and finds what it is compared with: one round trip, the same for every address.
   *
   * @param email in lower case, or null for what no account can have.
   */
  beginSignIn(email: string | null, subjectHash: Uint8Array, now: Date): Promise<FoundSignIn>;
  /** The attempt was right, which forgets all failures; or nothing was compared (not complete), which gives back this one. */
  settleSignIn(subjectHash: Uint8Array, complete: boolean): Promise<void>;
  /** Whether this is the person's password still, after every change of it that is under way. */
  stillHasPassword(userId: string, passwordHash: string): Promise<boolean>;
  /** Keeps a registration and answers which mail to write; the same work for every address. */
  beginRegistration(registration: NewRegistration, now: Date): Promise<'verify' | 'known' | 'nothing'>;
  /** A new token for a registration that was not completed; true when there is one to be sent. */
  renewVerification(email: string, hash: Uint8Array, expiresAt: Date, now: Date): Promise<boolean>;
  /** A token for a new password; true when there is somebody to send it to. */
  beginReset(email: string, hash: Uint8Array, expiresAt: Date, now: Date): Promise<boolean>;
  /** What stands between the two steps of a sign-in. */
  beginChallenge(userId: string, hash: Uint8Array, expiresAt: Date, now: Date): Promise<void>;
  /** An open token, one of its attempts taken. Null: unknown, used, too late or tried too often. */
  findOpenToken(hash: Uint8Array, purpose: TokenPurpose, now: Date): Promise<OpenToken | null>;
  /** Uses a token up, once; answers whose it was. */
  useToken(hash: Uint8Array, purpose: TokenPurpose, now: Date): Promise<string | null>;
  /** Uses the token up and gives the identity the password chosen with it. Null when nothing was done. */
  completeRegistration(hash: Uint8Array, now: Date): Promise<string | null>;
  /**
   * Uses the token up, sets the password, ends every session of the person and makes every other token void.
   *
   * @param kept what was just opened for whoever sent the token: it alone goes on.
   * @returns null when nothing was done.
   */
  completeReset(
    hash: Uint8Array,
    passwordHash: string,
    kept: { readonly sessionId?: string; readonly challengeHash?: Uint8Array },
    now: Date,
  ): Promise<string | null>;
  /**
   * Sets another password for a person, ends every session but one and makes every token void.
   *
   * @returns how many sessions ended; null when the old hash is not the person's any more, and nothing was done.
   */
  changePassword(userId: string, oldHash: string, passwordHash: string, sessionId: string, now: Date): Promise<number | null>;
  /** How many keys go on opening doors for a person, over all organizations. */
  countLiveKeys(userId: string, now: Date): Promise<LiveKeys>;
  /**
   * Takes away tokens, counted attempts and sessions that are over, and identities that nobody proved; at most 1,000 of each.
   *
   * @returns whether there may be more.
   */
  clearCredentials(now: Date): Promise<boolean>;
}

/** Calls a function in the scope of a person, or of nobody, and answers its first row. */
export type CallAs = (userId: string | null, text: string, ...values: unknown[]) => Promise<Record<string, unknown> | undefined>;

interface AnswerOptions {
  /** In whose scope; null is nobody's. */
  readonly userId?: string | null;
  /**
   * What is kept says so: when its answer is lost, nobody may be told that nothing was done. An attempt that was counted is
   * none of it, because whoever asked has changed nothing and asks again.
   */
  readonly keeps?: boolean;
}

const KEPT: AnswerOptions = { keeps: true };

export function createPeopleCredentials(call: CallAs): PeopleCredentials {
  /** The first row of a function that gives rows, in the scope of a person or of nobody. */
  const rowAs = async <Found>(userId: string | null, text: string, ...values: unknown[]): Promise<Found> =>
    (await call(userId, `SELECT * FROM ${text}`, ...values)) as Found;
  const row = <Found>(text: string, ...values: unknown[]): Promise<Found> => rowAs(null, text, ...values);
  /** What a function answers that gives one value. */
  const answer = async <Value>(text: string, values: unknown[], { userId = null, keeps = false }: AnswerOptions = {}): Promise<Value> =>
    (await call(userId, `${keeps ? '/* writes */ ' : ''}SELECT ${text} AS answer`, ...values))?.['answer'] as Value;

  return {
    takeSignInAttempt: (subjectHash, now) => row('iam.take_sign_in_attempt($1::bytea, $2::timestamptz)', subjectHash, now),
    beginSignIn: (email, subjectHash, now) => row('iam.begin_sign_in($1::text, $2::bytea, $3::timestamptz)', email, subjectHash, now),
    // Nothing is no type that can be read, but as text.
    settleSignIn: (subjectHash, complete) => answer('iam.settle_sign_in($1::bytea, $2::boolean)::text', [subjectHash, complete]),
    stillHasPassword: (userId, passwordHash) => answer('iam.still_has_password($1::uuid, $2::text)', [userId, passwordHash]),
    beginRegistration: ({ email, name, hash, passwordHash, expiresAt }, now) =>
      answer(
        'iam.begin_registration($1::text, $2::text, $3::bytea, $4::text, $5::timestamptz, $6::timestamptz)',
        [email, name, hash, passwordHash, expiresAt, now],
        KEPT,
      ),
    renewVerification: (email, hash, expiresAt, now) =>
      answer('iam.renew_verification($1::text, $2::bytea, $3::timestamptz, $4::timestamptz)', [email, hash, expiresAt, now], KEPT),
    beginReset: (email, hash, expiresAt, now) =>
      answer('iam.begin_reset($1::text, $2::bytea, $3::timestamptz, $4::timestamptz)', [email, hash, expiresAt, now], KEPT),
    beginChallenge: (userId, hash, expiresAt, now) =>
      answer('iam.begin_challenge($1::uuid, $2::bytea, $3::timestamptz, $4::timestamptz)::text', [userId, hash, expiresAt, now], KEPT),
    findOpenToken: async (hash, purpose, now) =>
      (await row<OpenToken | undefined>('iam.find_open_token($1::bytea, $2::text, $3::timestamptz)', hash, purpose, now)) ?? null,
    useToken: (hash, purpose, now) => answer('iam.use_token($1::bytea, $2::text, $3::timestamptz)', [hash, purpose, now], KEPT),
    completeRegistration: (hash, now) => answer('iam.complete_registration($1::bytea, $2::timestamptz)', [hash, now], KEPT),
    completeReset: (hash, passwordHash, { sessionId = null, challengeHash = null }, now) =>
      answer(
        'iam.complete_reset($1::bytea, $2::text, $3::uuid, $4::bytea, $5::timestamptz)',
        [hash, passwordHash, sessionId, challengeHash, now],
        KEPT,
      ),
    changePassword: (userId, oldHash, passwordHash, sessionId, now) =>
      answer(
        'iam.change_password($1::text, $2::text, $3::uuid, $4::timestamptz)',
        [oldHash, passwordHash, sessionId, now],
        { userId, ...KEPT },
      ),
    countLiveKeys: (userId, now) => rowAs(userId, 'iam.count_live_keys($1::timestamptz)', now),
    clearCredentials: (now) => answer('iam.clear_credentials($1::timestamptz)', [now], KEPT),
  };
}
