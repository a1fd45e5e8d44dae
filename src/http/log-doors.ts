import type { IncomingMessage, ServerResponse } from 'node:http';
import type { KeyRing } from '../platform/chain/index.ts';
import { withDeadline } from './deadline.ts';
import { type BeginDependencies, type BegunExport, beginExport } from './exports/begin.ts';
import { createExportPlaces } from './exports/places.ts';
import { refuse, type RefusalDependencies } from './exports/refuse.ts';
import { sendExport } from './exports/send.ts';
import { type Handle, sendJson } from './handle.ts';
import { type RequestState, stateOf } from './request-state.ts';

export const EXPORT_PATH = '/events/export';
export const KEYS_PATH = '/.well-known/tenantry-audit-keys.json';

/** The doors by which the log leaves. */
export interface LogDoors {
  readonly exportLog: Handle;
  /** The public keys, for everybody: they prove something, and open nothing. */
  readonly keys: Handle;
}

interface ExportDependencies extends BeginDependencies, RefusalDependencies {
  /** How long an export may take until it begins; then it takes as long as it takes. */
  readonly requestTimeoutMs: number;
}

export interface LogDoorDependencies extends Omit<ExportDependencies, 'places'> {
  readonly keyRing: KeyRing;
}

/** Makes the doors; how many exports are under way is counted for each pair of them. */
export function createLogDoors({ keyRing, ...dependencies }: LogDoorDependencies): LogDoors {
  const body = JSON.stringify({ keys: keyRing.publicKeys });
  const places = createExportPlaces();
  return {
    keys: (_request, response) => sendJson(response, 200, body),
    exportLog: (incoming, response, state) => exportLog({ ...dependencies, places }, incoming, response, state),
  };
}

async function exportLog(
  dependencies: ExportDependencies,
  incoming: IncomingMessage,
  response: ServerResponse,
  state: RequestState,
): Promise<void> {
  const request = toRequest(incoming);
  stateOf(request, { state });
  const over = new AbortController();
  try {
    let begun: BegunExport;
    try {
      const deadline = state.startedAt + dependencies.requestTimeoutMs;
      begun = await withDeadline(deadline, () => beginExport(dependencies, request, state, over.signal));
    } catch (error) {
      return await refuse(dependencies, { request, response, state, field: `GET ${EXPORT_PATH}` }, error);
    }
    await sendExport(begun, request, response, state, dependencies.logger);
  } finally {
    over.abort();
  }
}

/** The same request for those who know those of the other door. */
function toRequest({ headers: sent, url = '/' }: IncomingMessage): Request {
  const headers = new Headers();
  for (const [name, value] of Object.entries(sent)) {
    if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(', ') : value);
  }
  return new Request(`http://${sent.host ?? 'localhost'}${url}`, { headers });
}
