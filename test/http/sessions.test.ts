import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { withClient } from '../../src/platform/postgres/client.ts';
import { startTestApp } from '../harness/app.ts';
import { startTestServer } from '../harness/http.ts';
import { PASSWORD, setPassword } from '../harness/world.ts';
import { ask, bearer, codesOf, type Reply } from './door.ts';
import { serveWorld, type ServedWorld } from './world.ts';

let world: ServedWorld;
let email: string;
let now = new Date();

beforeAll(async () => {
  world = await serveWorld({ clock: { now: () => now } });
  email = world.acme.email('member');
  await setPassword(world.testApp.app, email);
});
afterAll(() => world.close());

const minutes = (count: number): void => {
  now = new Date(now.getTime() + count * 60_000);
};

const SESSION = '{ __typename ... on SignInSuccess { accessToken refreshToken accessExpiresAt } }';
const SIGN_IN = `mutation($input: SignInInput!) { signIn(input: $input) ${SESSION} }`;
const REFRESH = `mutation($token: String) {
    refreshSession(input: {refreshToken: $token}) { ... on RefreshSessionSuccess { accessToken refreshToken } }
  }`;
const SIGN_OUT = 'mutation { signOut { __typename ... on SignOutSuccess { signedOut } } }';
const WHO = '{ viewer { kind member { email } } }';

/** Keeps cookies like a browser. */
const createBrowser = (url = world.url) => {
  const jar = new Map<string, string>();
  return {
    jar,
    async ask(
      query: string,
      variables: Record<string, unknown> = {},
      headers: Record<string, string> = {},
    ): Promise<Reply> {
      const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ');
      const reply = await ask(url, query, variables, { ...(cookie && { cookie }), ...headers });
      for (const line of reply.headers['set-cookie'] ?? []) {
        const [, name = '', value = ''] = /^(\w+)=([^;]*)/.exec(line) ?? [];
        if (value === '') jar.delete(name);
        else jar.set(name, value);
      }
      return reply;
    },
    signIn() {
      return this.ask(SIGN_IN, { input: { email, password: PASSWORD, cookie: true } });
    },
    async who(): Promise<string | null> {
      return (await this.ask(WHO)).json.data.viewer?.member.email ?? null;
    },
  };
};

describe('signing in', () => {
  test('gives a token that works as a bearer, and no cookie unless asked', async () => {
    const reply = await ask(world.url, SIGN_IN, { input: { email: ` ${email.toUpperCase()} `, password: PASSWORD } });
    const { accessToken, refreshToken } = reply.json.data.signIn;
    expect(accessToken).toMatch(/^ta_/);
    expect(refreshToken).toMatch(/^tr_/);
    expect(reply.headers['set-cookie']).toBeUndefined();
    expect((await ask(world.url, WHO, {}, bearer(accessToken))).json.data.viewer.kind).toBe('USER');
  });

  test('a refresh token opens no door', async () => {
    const { json } = await ask(world.url, SIGN_IN, { input: { email, password: PASSWORD } });
    expect(codesOf(await ask(world.url, WHO, {}, bearer(json.data.signIn.refreshToken)))).toEqual(['UNAUTHENTICATED']);
  });

  test('an unknown address and a wrong password are answered alike', async () => {
    const unknown = await ask(world.url, SIGN_IN, { input: { email: 'nobody@acme.test', password: PASSWORD } });
    const wrong = await ask(world.url, SIGN_IN, { input: { email, password: 'wrong' } });
    expect(codesOf(unknown)).toEqual(['UNAUTHENTICATED']);
    expect(wrong.text).toBe(unknown.text);
    expect(wrong.headers['set-cookie']).toBeUndefined();
  });
});

describe('cookies', () => {
  test('are out of reach of scripts and of other sites, and sent by HTTPS only where that is known', async () => {
    const { headers } = await createBrowser().signIn();
    expect(headers['set-cookie']).toHaveLength(2);
    for (const cookie of headers['set-cookie']!) {
      expect(cookie).toMatch(
        /^tenantry_(access=ta_[\w-]{43}|refresh=tr_[\w-]{86}); Path=\/; HttpOnly; SameSite=Lax; Expires=[^;]+ GMT$/,
      );
    }
    const secure = await createBrowser().ask(
      SIGN_IN,
      { input: { email, password: PASSWORD, cookie: true } },
      { 'x-forwarded-proto': 'https' },
    );
    for (const cookie of secure.headers['set-cookie']!) expect(cookie).toMatch(/; Secure$/);
  });

  test.each([
    ['on', 'http', true],
    ['off', 'https', false],
  ])('COOKIE_SECURE=%s is not asked by whom the request came (%s)', async (value, protocol, secure) => {
    const testApp = await startTestApp({ database: world.testApp.database, environment: { COOKIE_SECURE: value } });
    const server = await startTestServer(testApp);
    const input = { email, password: PASSWORD, cookie: true };
    const { headers } = await ask(server.url, SIGN_IN, { input }, { 'x-forwarded-proto': protocol });
    for (const cookie of headers['set-cookie']!) expect(cookie.endsWith('; Secure')).toBe(secure);
    await server.close();
    await testApp.close();
  });

  test('let the browser in, and out again', async () => {
    const browser = createBrowser();
    expect(await browser.who()).toBeNull();
    await browser.signIn();
    expect(await browser.who()).toBe(email);
    expect((await browser.ask(SIGN_OUT)).json.data.signOut).toEqual({ __typename: 'SignOutSuccess', signedOut: true });
    expect(browser.jar.size).toBe(0);
    expect(await browser.who()).toBeNull();
  });

  test('an Authorization header goes before them, also a wrong one', async () => {
    const browser = createBrowser();
    await browser.signIn();
    const { json } = await browser.ask(WHO, {}, bearer(world.globex.keys.viewer));
    expect(json.data.viewer).toEqual({ kind: 'API_KEY', member: { email: world.globex.email('viewer') } });
    expect(codesOf(await browser.ask(WHO, {}, { authorization: 'Bearer wrong' }))).toEqual(['UNAUTHENTICATED']);
    expect((await browser.ask(WHO, {}, { authorization: 'Bearer ' })).json.data.viewer.member.email).toBe(email);
  });

  test.each(['', 'x', 'ta_x', `ta_${'x'.repeat(43)}`, `tr_${'x'.repeat(43)}`, 'x'.repeat(5_000), '"', '%00'])(
    'one that says %j counts as none, so that the page can sign in',
    async (value) => {
      const browser = createBrowser();
      browser.jar.set('tenantry_access', value);
      expect(await browser.who()).toBeNull();
      browser.jar.set('tenantry_access', value);
      await browser.signIn();
      expect(await browser.who()).toBe(email);
    },
  );

  test('one whose time has run out counts as none, and the session is carried on with the refresh cookie', async () => {
    const browser = createBrowser();
    await browser.signIn();
    const stale = browser.jar.get('tenantry_access')!;
    minutes(16);
    expect(await browser.who()).toBeNull();
    expect(codesOf(await browser.ask('{ workflows { totalCount } }'))).toEqual(['UNAUTHENTICATED']);
    await browser.ask(REFRESH);
    expect(browser.jar.get('tenantry_access')).not.toBe(stale);
    expect(await browser.who()).toBe(email);
  });

  test('of a person who was suspended say so once, and then let somebody else sign in', async () => {
    const browser = createBrowser();
    await browser.signIn();
    expect(await browser.who()).toBe(email);
    const change = (status: string) =>
      withClient(world.testApp.database.superuserUrl, (client) =>
        client.query(`UPDATE iam.users SET status = '${status}' WHERE email = '${email}'`),
      );
    await change('suspended');
    await expect.poll(async () => (await browser.ask(WHO)).json.errors?.[0].extensions.code).toBe('USER_NOT_ACTIVE');
    expect(browser.jar.has('tenantry_access')).toBe(false);
    const other = world.acme.email('viewer');
    await setPassword(world.testApp.app, other);
    const { json } = await browser.ask(SIGN_IN, { input: { email: other, password: PASSWORD, cookie: true } });
    expect(json.data.signIn.__typename).toBe('SignInSuccess');
    expect(await browser.who()).toBe(other);
    await change('active');
  });
});

describe('refresh tokens', () => {
  test('are traded for new ones; the old access token is void at once', async () => {
    const browser = createBrowser();
    const { json } = await browser.signIn();
    const { accessToken, refreshToken } = json.data.signIn;
    const traded = await ask(world.url, REFRESH, { token: refreshToken });
    expect(traded.headers['set-cookie']).toBeUndefined();
    expect(codesOf(await ask(world.url, WHO, {}, bearer(accessToken)))).toEqual(['UNAUTHENTICATED']);
    expect(
      (await ask(world.url, WHO, {}, bearer(traded.json.data.refreshSession.accessToken))).json.data.viewer.kind,
    ).toBe('USER');
  });

  test('one that is used twice ends the session, because somebody has a copy', async () => {
    const { json } = await ask(world.url, SIGN_IN, { input: { email, password: PASSWORD } });
    const { refreshToken } = json.data.signIn;
    const traded = (await ask(world.url, REFRESH, { token: refreshToken })).json.data.refreshSession;
    expect(codesOf(await ask(world.url, REFRESH, { token: refreshToken }))).toEqual(['UNAUTHENTICATED']);
    expect(codesOf(await ask(world.url, WHO, {}, bearer(traded.accessToken)))).toEqual(['UNAUTHENTICATED']);
    expect(codesOf(await ask(world.url, REFRESH, { token: traded.refreshToken }))).toEqual(['UNAUTHENTICATED']);
  });

  test('end with the session, and with their time', async () => {
    const browser = createBrowser();
    await browser.signIn();
    const refresh = browser.jar.get('tenantry_refresh')!;
    await browser.ask(SIGN_OUT);
    expect(codesOf(await ask(world.url, REFRESH, { token: refresh }))).toEqual(['UNAUTHENTICATED']);
    await browser.signIn();
    minutes(7 * 24 * 60 + 1);
    expect(codesOf(await browser.ask(REFRESH))).toEqual(['UNAUTHENTICATED']);
  });

  test('that are no good are answered with one text, which says to sign in', async () => {
    const { json } = await ask(world.url, SIGN_IN, { input: { email, password: PASSWORD } });
    const { refreshToken: used } = json.data.signIn;
    await ask(world.url, REFRESH, { token: used });
    const texts = [used, used, undefined, `tr_${'x'.repeat(86)}`].map(async (token) => (await ask(world.url, REFRESH, { token })).json.errors[0].message);
    const [text, ...others] = new Set(await Promise.all(texts));
    expect(text).toMatch(/^This session cannot be carried on: .* Sign in again\.$/);
    expect(others).toEqual([]);
  });

  test.each([{}, { token: null }, { token: '' }, { token: 'x' }, { token: `tr_${'x'.repeat(43)}` }, { token: `tr_${'x'.repeat(86)}` }])(
    '%j is none',
    async (variables) => {
      expect(codesOf(await ask(world.url, REFRESH, variables))).toEqual(['UNAUTHENTICATED']);
    },
  );
});

describe('an access token that is over, or of no session', () => {
  const over = bearer(`ta_${'x'.repeat(43)}`);

  test('keeps no program from exchanging it, or from signing in, with the call that it sends with everything', async () => {
    const { json } = await ask(world.url, SIGN_IN, { input: { email, password: PASSWORD } });
    const { accessToken, refreshToken } = json.data.signIn;
    minutes(16);
    expect(codesOf(await ask(world.url, WHO, {}, bearer(accessToken)))).toEqual(['UNAUTHENTICATED']);
    const traded = await ask(world.url, REFRESH, { token: refreshToken }, bearer(accessToken));
    expect(traded.json.data.refreshSession.accessToken).toMatch(/^ta_/);
    const again = await ask(world.url, SIGN_IN, { input: { email, password: PASSWORD } }, over);
    expect(again.json.data.signIn.__typename).toBe('SignInSuccess');
  });

  test.each([
    ['asks for something else', WHO],
    ['asks for something else besides', 'mutation { requestPasswordReset(input: {email: "a@example.com"}) { __typename } updateProfile(input: {}) { __typename } }'],
    ['hides what it asks for', 'mutation { ...more } fragment more on Mutation { requestPasswordReset(input: {email: "a@example.com"}) { __typename } }'],
    ['has several operations', 'mutation One { requestPasswordReset(input: {email: "a@example.com"}) { __typename } } query Two { viewer { kind } }'],
    ['cannot be read', 'mutation { requestPasswordReset('],
    ['would say that a session has ended', SIGN_OUT],
    ['joins whoever is signed in', 'mutation { acceptInvitation(input: {token: "ti_"}) { __typename } }'],
  ])('fails a request that %s', async (_what, query) => {
    const { json } = await ask(world.url, query, {}, over);
    expect(json.errors.map((error: { extensions: { code: string } }) => error.extensions.code)).toEqual(['UNAUTHENTICATED']);
    expect(json.data ?? null).toBeNull();
  });

  test.each(['Bearer x', 'Basic eHg6eA==', `Bearer tk_${'x'.repeat(32)}`])('is nothing like %s, which fails those requests too', async (authorization) => {
    expect(codesOf(await ask(world.url, SIGN_IN, { input: { email, password: PASSWORD } }, { authorization }))).toEqual(['UNAUTHENTICATED']);
  });
});

describe('signing out', () => {
  test('of nobody ends nothing; an API key is told to be revoked', async () => {
    expect((await ask(world.url, SIGN_OUT)).json.data.signOut.__typename).toBe('SignOutSuccess');
    const { json } = await ask(world.url, SIGN_OUT, {}, bearer(world.acme.keys.owner));
    expect(json.data.signOut.__typename).toBe('ValidationError');
  });

  test('ends the session also when its access token has run out: the refresh cookie is worth nothing afterwards', async () => {
    const browser = createBrowser();
    await browser.signIn();
    const refresh = browser.jar.get('tenantry_refresh');
    minutes(16);
    expect((await browser.ask(SIGN_OUT)).json.data.signOut.__typename).toBe('SignOutSuccess');
    expect(browser.jar.size).toBe(0);
    expect(codesOf(await ask(world.url, REFRESH, { token: refresh }))).toEqual(['UNAUTHENTICATED']);
  });
});
