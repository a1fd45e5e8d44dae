import type { World } from '../harness/world.ts';
import type { PreparedPeople } from './prepared-people.ts';

/** Whose credential an operation is sent with. */
export type Caller =
  /** An API key of the organization's owner. */
  | 'owner'
  /** The owner as a person: what a key may not do. */
  | 'ownerPerson'
  /** The owner of the organization that is closed for now. */
  | 'closedOwner'
  | 'operator'
  /** A manager of the organization. */
  | 'session'
  /** Somebody whose second factor waits to be confirmed. */
  | 'enrolling'
  /** Somebody who has a second factor. */
  | 'guarded'
  | 'nobody';

/** What an operation is about. */
export interface Subject {
  readonly world: World;
  /** Its refresh token is to be traded. */
  readonly refreshToken: string;
  /** Something that has happened in it. */
  readonly eventId: string;
  readonly people: PreparedPeople;
  /** An organization that its owner has closed for now. */
  readonly closedId: string;
  /** One that the engine could not be set up for. */
  readonly failedId: string;
}

export type Arguments = (subject: Subject) => Record<string, unknown>;

/** How a root field is called. */
export interface Call {
  readonly caller?: Caller;
  readonly arguments?: Arguments;
}

/** The calls of some root fields, by their names. */
export type Calls = Readonly<Record<string, Call>>;

export const input = (values: Arguments, caller: Caller = 'owner'): Call => ({
  caller,
  arguments: (subject) => ({ input: values(subject) }),
});
