import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../kernel/clock.ts';
import { type AppError, ServiceUnavailableError } from '../../kernel/errors.ts';
import type { Principal } from '../../kernel/principal.ts';
import { type AccessSource, type AccessWatches, createAccessWatches } from './access-watch.ts';

const principal: Principal = {
  kind: 'apiKey',
  userId: 'person',
  systemRole: 'user',
  credentialId: 'key',
  tenant: { orgId: 'organization', membershipId: 'member', role: 'member' },
  permissions: new Set(['event:read']),
  rateLimitPerHour: null,
  memberships: [],
};

type Subscriber = Parameters<AccessSource['subscribe']>[0];

let listening = true;
let subscriber: Subscriber;
let watches: AccessWatches;
/** What each question is answered with, in turn; the last one from then on. */
let answers: (() => Promise<Principal | null>)[] = [];
let asked = 0;
let ended: string[] = [];

beforeEach(() => {
  [listening, asked, ended] = [true, 0, []];
  const subscribe = (given: Subscriber) => {
    subscriber = given;
    return () => undefined;
  };
  watches = createAccessWatches({ subscribe, isListening: () => listening }, systemClock);
});
afterEach(() => watches.close());

const watch = (...given: typeof answers) => {
  answers = given;
  return watches.watch({
    principal,
    identify: () => answers[Math.min(asked++, answers.length - 1)]!(),
    onEnd: ({ code }: AppError) => ended.push(code),
  });
};
const same = () => Promise.resolve({ ...principal, permissions: new Set(principal.permissions) });
const nobody = () => Promise.resolve(null);
const unable = () => Promise.reject(new ServiceUnavailableError());

describe('somebody who is watched', () => {
  test('is shown things without being asked again, while nothing has changed', async () => {
    await watch(same).confirm();
    expect([asked, ended]).toEqual([0, []]);
  });

  test('is asked before anything is shown, while changes cannot be heard', async () => {
    listening = false;
    await watch(nobody).confirm();
    expect([asked, ended]).toEqual([1, ['UNAUTHENTICATED']]);
  });

  test.each(['key:key', 'user:person', 'org:organization'])('is asked at once when %s has changed', async (change) => {
    const [kind, id] = change.split(':') as ['key', string];
    const { confirm } = watch(nobody);
    subscriber.onChange({ kind, id });
    await confirm();
    expect([asked, ended]).toEqual([1, ['UNAUTHENTICATED']]);
  });

  test.each(['key:other', 'session:key', 'user:other', 'org:other'])('is not asked when %s has changed', async (change) => {
    const [kind, id] = change.split(':') as ['key', string];
    const { confirm } = watch(nobody);
    subscriber.onChange({ kind, id });
    await confirm();
    expect([asked, ended]).toEqual([0, []]);
  });

  test('is asked when changes may have been missed', async () => {
    const { confirm } = watch(nobody);
    subscriber.onGap();
    await confirm();
    expect(ended).toEqual(['UNAUTHENTICATED']);
  });

  test('is shown nothing while nobody can say who it is, and all again when somebody can', async () => {
    const { confirm } = watch(unable, same);
    subscriber.onGap();
    await confirm();
    expect([asked >= 2, ended]).toEqual([true, []]);
  });

  test('is asked once more about what has changed while it was asked', async () => {
    const first = Promise.withResolvers<Principal | null>();
    const { confirm } = watch(() => first.promise, nobody);
    subscriber.onGap();
    subscriber.onChange({ kind: 'key', id: 'key' });
    first.resolve(await same());
    await confirm();
    expect([asked, ended]).toEqual([2, ['UNAUTHENTICATED']]);
  });

  test('waits for its turn when many are asked about, and is asked about what is so by then', async () => {
    const underWay: ((now: Principal | null) => void)[] = [];
    const all = Array.from({ length: 20 }, () => watches.watch({ principal, identify: () => new Promise((resolve) => underWay.push(resolve)), onEnd: ({ code }) => ended.push(code) }));
    subscriber.onGap();
    expect(underWay).toHaveLength(8);
    // They are in line already: no question is asked twice for it.
    subscriber.onGap();
    const confirmed = Promise.all(all.map(({ confirm }) => confirm()));
    for (let told = 0; told < 28; told += 1) {
      underWay[told]!(await same());
      await new Promise(setImmediate);
    }
    await confirmed;
    expect([underWay.length, ended]).toEqual([28, []]);
  });

  test.each<[string, Partial<Principal>]>([
    ['another role', { tenant: { orgId: 'organization', membershipId: 'member', role: 'admin' } }],
    ['another organization', { tenant: { orgId: 'other', membershipId: 'member', role: 'member' } }],
    ['more rights', { permissions: new Set(['event:read', 'audit:read']) }],
    ['fewer rights', { permissions: new Set() }],
    ['other rights', { permissions: new Set(['audit:read']) }],
  ])('is no longer who it was with %s', async (_what, change) => {
    const { confirm } = watch(() => Promise.resolve({ ...principal, ...change }));
    subscriber.onGap();
    await confirm();
    expect(ended).toEqual(['FORBIDDEN']);
  });
});
