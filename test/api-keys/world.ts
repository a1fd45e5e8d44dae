import { toGlobalId } from '../../src/kernel/ids.ts';
import type { CallOptions, GraphQLAnswer } from '../harness/app.ts';
import { openTrailWorld, type TrailWorld } from '../audit/trail.ts';
import { signIn } from '../harness/world.ts';

/** A key that a test has made. */
export interface MadeKey {
  readonly id: string;
  readonly uuid: string;
  readonly secret: string;
}

/** An organization, keys of its owner, and a clock that the test sets. */
export interface KeyWorld extends TrailWorld {
  /** The owner's session. */
  readonly owner: string;
  /** A session of the owner who has just proved to be there. */
  fresh(): Promise<string>;
  /** Moves the clock on. */
  pass(ms: number): void;
  now(): Date;
  create(input?: Record<string, unknown>, as?: string): Promise<MadeKey>;
  /** What a mutation on keys answers: "done", the code of its failure, or that of the refusal. */
  codeOf(mutation: string, input: Record<string, unknown>, as?: string): Promise<string>;
  /** Asks one root field with a key. */
  use(secret: string, options?: CallOptions, fields?: number): Promise<GraphQLAnswer>;
  /** The code that a key is answered with; null when it was let in. */
  entry(secret: string, options?: CallOptions): Promise<string | null>;
  row(key: MadeKey): Promise<Record<string, any>>;
}

const KEY = 'apiKey { id } secret';
/** Well within the time for which a proof is enough. */
const FRESH_MS = 5 * 60_000;

export async function openKeyWorld(start = Date.now()): Promise<KeyWorld> {
  let nowMs = start;
  const world = await openTrailWorld({ clock: { now: () => new Date(nowMs) } });
  const owner = await signIn(world.api.app, world.acme.email('owner'));
  // Sessions are not what is tested here: this one outlives the months that go by.
  await world.sql(`UPDATE iam.sessions SET access_expires_at = '2099-01-01', refresh_expires_at = '2099-01-01'`);
  const use: KeyWorld['use'] = (secret, options = {}, fields = 1) => {
    const asked = Array.from({ length: fields }, (_, index) => `f${index}: organization { slug }`).join(' ');
    return world.api.call(`{ ${asked} }`, {}, { ...options, as: secret });
  };
  const rows = (id: string) => world.sql('SELECT * FROM iam.api_keys WHERE id = $1', id);
  // Kept for a while: of two sign-ins at once one would set another password under the other.
  let proved = { atMs: nowMs, token: Promise.resolve(owner) };
  const fresh = (): Promise<string> => {
    if (nowMs - proved.atMs > FRESH_MS) proved = { atMs: nowMs, token: signIn(world.api.app, world.acme.email('owner')) };
    return proved.token;
  };
  let made = 0;
  return {
    ...world,
    owner,
    fresh,
    pass: (ms) => {
      nowMs += ms;
    },
    now: () => new Date(nowMs),
    async create(input = {}, caller) {
      const name = `key ${(made += 1)}`;
      const as = caller ?? (await fresh());
      const query = `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeySuccess { ${KEY} } ... on Error { code message } } }`;
      const { data, errors } = await world.api.call(query, { input: { name, scopes: ['*'], ...input } }, { as });
      const { apiKey, secret } = data?.createApiKey ?? {};
      if (!secret) throw new Error(`no key was made: ${JSON.stringify(errors ?? data)}`);
      const [row] = await world.sql('SELECT id FROM iam.api_keys WHERE prefix = $1', (secret as string).slice(0, 9));
      const uuid = row!['id'] as string;
      if (apiKey.id !== toGlobalId('ApiKey', uuid)) throw new Error('two keys begin alike');
      return { id: apiKey.id, uuid, secret };
    },
    async codeOf(mutation, input, as = owner) {
      const { data, errors } = await world.mutate(mutation, input, as);
      return errors?.[0]?.extensions.code ?? data[mutation].code ?? 'done';
    },
    use,
    async entry(secret, options) {
      return (await use(secret, options)).errors?.[0]?.extensions.code ?? null;
    },
    async row({ uuid }) {
      return (await rows(uuid))[0]!;
    },
  };
}
