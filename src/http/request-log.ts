import type { Logger } from 'pino';
import type { RequestState } from './request-state.ts';
import { securityHeaders } from './security-headers.ts';

/** Which part of the server answered. */
export type Door = 'graphql' | 'websocket' | 'graphiql' | 'health' | 'export' | 'keys' | 'none';

interface Answered {
  readonly door: Door;
  readonly method: string;
  readonly status: number;
}

/**
 * Writes the one line of a request. It holds who called, which operation by its name, how it went and how long it took:
 * never a path, a document, a variable, a body or a header, because any of them may hold a secret.
 */
export function logRequest(logger: Logger, state: RequestState, answered: Answered): void {
  const { principal } = state;
  const line = {
    requestId: state.id,
    ...answered,
    principal: principal && { kind: principal.kind, userId: principal.userId, credentialId: principal.credentialId },
    orgId: principal?.tenant?.orgId ?? null,
    operation: state.operation,
    codes: [...state.codes],
    ...(state.acts.length > 0 && { acts: state.acts }),
    durationMs: Math.round((performance.now() - state.startedAt) * 10) / 10,
  };
  // A probe that asks every few seconds would bury everything else.
  if (answered.door === 'health') logger.debug(line, 'request');
  else logger.info(line, 'request');
}

/** The headers that every answer has, whichever door it comes from. */
export function commonHeaders({ id, sender }: RequestState): Record<string, string> {
  return { 'x-request-id': id, ...securityHeaders(sender.secure) };
}
