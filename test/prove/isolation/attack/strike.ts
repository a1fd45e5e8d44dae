import type { GraphQLSchema } from 'graphql';
import type { Effort } from '../part.ts';
import type { Operation } from '../schema/documents.ts';
import type { Position } from '../schema/positions.ts';
import type { Values } from '../schema/values.ts';
import type { Arena, Stage } from '../worlds/arena.ts';
import type { Caller } from '../worlds/callers.ts';
import type { Answer, Realm } from '../worlds/realm.ts';
import type { Findings } from './findings.ts';

/** What is known before an attack begins; it is the same behind all walls. */
export interface Plan {
  readonly arena: Arena;
  readonly schema: GraphQLSchema;
  readonly positions: readonly Position[];
  readonly values: Values;
  readonly effort: Effort;
}

/** One attack: who may come, behind which walls, and where it is written down what was found. */
export interface Strike extends Plan {
  readonly stage: Stage;
  readonly callers: readonly Caller[];
  readonly findings: Findings;
  readonly progress: (done: number, total: number) => void;
}

/** Answers by which an attack has not reached what it was meant for. */
const UNREACHED = /"code":"(GRAPHQL_PARSE_FAILED|GRAPHQL_VALIDATION_FAILED|QUERY_TOO_COMPLEX|BAD_REQUEST|RATE_LIMITED|SERVICE_UNAVAILABLE|OUTCOME_UNKNOWN)"/;

/** Asks, and makes sure that the question was understood: a refused document would prove nothing. */
export async function askWell(realm: Realm, caller: Caller, operation: Operation): Promise<Answer> {
  const answer = await realm.ask(caller, operation.query, operation.variables);
  const refusal = UNREACHED.exec(answer.text);
  if (refusal) throw new Error(`The proof asked something that is refused with ${refusal[1]}: ${operation.query}\n${answer.text}`);
  return answer;
}

/** Asks as part of an attack: what was read is noted, and that nothing failed inside. */
export async function ask({ schema, findings }: Strike, realm: Realm, caller: Caller, operation: Operation): Promise<Answer> {
  const answer = await askWell(realm, caller, operation);
  findings.read(schema, operation, answer.json.data);
  if (answer.text.includes('"code":"INTERNAL"')) findings.found({ positions: [operation.query], caller }, 'it fails inside, with INTERNAL');
  return answer;
}
