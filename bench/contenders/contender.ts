import type { Case } from '../cases.ts';

/** An organization of the seed. */
export interface Organization {
  /** The UUID. */
  readonly id: string;
  readonly slug: string;
  readonly apiKey: string;
}

/** The database that all contenders are measured on; it is running, migrated and seeded. */
export interface BenchDatabase {
  /** The address for the runtime role; in one phase it leads through something that counts. */
  readonly runtimeUrl: string;
  readonly dataDir: string;
  /** What the fingerprints of the seed's API keys depend on. */
  readonly secretKey: string;
}

/** How a contender's server is started: a script for this Node, or a program. */
export interface ServerCommand {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

export interface BenchRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** What a request is about. */
export interface Subject {
  readonly organization: Organization;
  /** The UUID of one of its workflows. */
  readonly workflowId: string;
  /** What `deepCursor` answered for this organization. */
  readonly deepCursor: string;
  /** A name that no other request has. */
  readonly newName: string;
}

/** A row as every contender must answer it. */
export interface Row {
  /** The UUID. */
  readonly id: string;
  readonly name: string;
  /** The names of the tasks, in order; in the nested case only. */
  readonly tasks?: readonly string[];
  /** The author's address; in the nested case only. */
  readonly author?: string;
}

export type Post = (request: BenchRequest) => Promise<unknown>;

/**
 * A server that is measured. To add one: a file beside this one, and a line in `index.ts`. All contenders are asked the
 * same things of the same rows, and their answers are compared with the database before anything is measured.
 */
export interface Contender {
  readonly name: string;
  /** The path of the endpoint; requests are POSTs. */
  readonly path: string;
  command(database: BenchDatabase, port: number): ServerCommand;
  request(kind: Case, subject: Subject): BenchRequest;
  /** The rows of an answer; none when it says that there is no such thing. */
  rowsOf(kind: Case, answer: unknown): readonly Row[];
  /** Whatever this server needs to begin a page of its list behind that many rows. */
  deepCursor(post: Post, organization: Organization, behind: number): Promise<string>;
}
