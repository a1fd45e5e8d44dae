import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type BrowserContext, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startTestApp, type TestApp } from '../harness/app.ts';
import { startTestServer, type TestServer } from '../harness/http.ts';
import { appointOperator, PASSWORD, seedWorld, setPassword, type World } from '../harness/world.ts';

// The query page in a real browser. Screenshots are kept where SCREENSHOTS says, to be looked at.

const CHROMIUM = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => existsSync(file));
if (!CHROMIUM) console.warn('LEFT OUT: the tests of GraphiQL in a browser, because no Chromium is installed (apt-get install chromium).');

const FLAGS = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

describe.skipIf(!CHROMIUM)('GraphiQL', () => {
  let api: TestApp;
  let server: TestServer;
  let world: World;
  let profile: string;
  let browser: BrowserContext;
  let page: Page;
  const requested: string[] = [];
  const said: string[] = [];

  beforeAll(async () => {
    api = await startTestApp();
    world = await seedWorld(api, 'alpha', (await appointOperator(api)).userId);
    server = await startTestServer(api, { graphiql: true });
    profile = mkdtempSync(path.join(tmpdir(), 'tenantry-browser-'));
    browser = await chromium.launchPersistentContext(profile, { executablePath: CHROMIUM!, args: FLAGS, viewport: { width: 1400, height: 900 } });
    page = await browser.newPage();
    page.on('request', (request) => requested.push(request.url()));
    page.on('console', (message) => said.push(message.text()));
    page.on('pageerror', (error) => said.push(error.message));
    await page.goto(server.url, { waitUntil: 'load' });
    await page.waitForSelector('.graphiql-query-editor .view-lines');
  });
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    await api?.close();
    if (profile) rmSync(profile, { recursive: true, force: true });
  });

  const shot = async (name: string) => {
    const folder = process.env['SCREENSHOTS'];
    if (folder) await page.screenshot({ path: path.join(folder, `${name}.png`) });
  };

  /** Writes into one of the page's editors as a person does: marks all, types. */
  async function type(editor: string, text: string): Promise<void> {
    await page.click(`${editor} .view-lines`);
    await page.keyboard.press('Control+A');
    await page.keyboard.press('Delete');
    await page.keyboard.insertText(text);
  }

  async function run(): Promise<string> {
    const answered = page.waitForResponse((response) => response.url() === server.url && response.request().method() === 'POST' && !response.request().postData()?.includes('IntrospectionQuery'));
    await page.click('button.graphiql-execute-button');
    await answered;
    await page.waitForTimeout(300);
    return (await page.textContent('.result-window .view-lines')) ?? '';
  }

  const HEADERS = 'section.graphiql-editor-tool .graphiql-editor:not(.hidden)';
  const plain = (text: string) => text.replaceAll('\u00a0', ' ');

  test('opens with examples in tabs', async () => {
    await shot('1-opened');
    const tabs = await page.locator('.graphiql-tab').allTextContents();
    expect(tabs.length).toBeGreaterThan(3);
    expect(tabs.join(' ')).toMatch(/Me/);
  });

  test('runs the example for the key in the header editor, and shows its organization', async () => {
    await type(HEADERS, JSON.stringify({ Authorization: `Bearer ${world.keys.admin}` }));
    const answer = plain(await run());
    await shot('2-answered');
    expect(answer).toContain('"name": "Organization alpha"');
    expect(answer).toContain('"role": "ADMIN"');
  });

  test('shows the coded error for a wrong key', async () => {
    await type(HEADERS, JSON.stringify({ Authorization: 'Bearer tk_wrong' }));
    const answer = plain(await run());
    await shot('3-refused');
    expect(answer).toContain('UNAUTHENTICATED');
  });

  test('follows a subscription: what is appended meanwhile comes without a reload, and it can be stopped', async () => {
    const key = `Bearer ${world.keys.admin}`;
    await type(HEADERS, JSON.stringify({ Authorization: key }));
    await type('.graphiql-query-editor', 'subscription Seats { eventAppended(query: [{ types: ["SEAT.TAKEN"] }]) { type data } }');
    // The page reads a moment later which operation there is to play.
    await page.waitForSelector('.graphiql-tab >> text=Seats');
    const answered = page.waitForResponse((response) => response.headers()['content-type'] === 'text/event-stream');
    await page.click('button.graphiql-execute-button');
    await answered;
    const append = (guest: string) =>
      fetch(server.url, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: key },
        body: JSON.stringify({
          query: 'mutation Append($input: AppendEventsInput!) { appendEvents(input: $input) { __typename } }',
          variables: { input: { events: [{ type: 'SEAT.TAKEN', data: { guest } }] } },
        }),
      });
    for (const guest of ['Olga', 'Ada']) {
      await append(guest);
      await page.waitForSelector(`.result-window >> text=${guest}`);
    }
    await shot('5-followed');
    await page.click('button.graphiql-execute-button');
    await expect.poll(() => api.app.subscriptions.count()).toBe(0);
  });

  test('explains the schema in its documentation pane', async () => {
    await page.click('button[aria-label*="Documentation" i]');
    await page.waitForSelector('.graphiql-doc-explorer');
    await page.click('.graphiql-doc-explorer-type-name >> nth=0');
    await page.waitForSelector('.graphiql-doc-explorer >> text=Everything that can be read.');
    await shot('4-explained');
    expect(await page.textContent('.graphiql-doc-explorer')).toContain('Everything that can be read.');
  });

  test('signs a person in with a password, says who it is, and signs out again', async () => {
    await setPassword(api.app, world.email('manager'));
    await page.click('#sign-in summary');
    await page.fill('#sign-in [name=email]', world.email('manager'));
    await page.fill('#sign-in [name=password]', 'wrong');
    await page.keyboard.press('Enter');
    await page.waitForSelector('#sign-in >> text=The address or the password is wrong');
    await page.fill('#sign-in [name=password]', PASSWORD);
    await page.keyboard.press('Enter');
    await page.waitForSelector(`#sign-in summary >> text=${world.email('manager')}`);
    await shot('6-signed-in');
    // The session is this page's, and out of reach of its scripts.
    expect(await page.evaluate(() => document.cookie)).toBe('');
    await type(HEADERS, JSON.stringify({ Authorization: 'Bearer ' }));
    await type('.graphiql-query-editor', 'query Who { viewer { role } }');
    await page.waitForSelector('.graphiql-tab >> text=Who');
    expect(plain(await run())).toContain('"role": "MANAGER"');
    await page.click('#sign-in summary');
    await page.click('#sign-in [data-part=out]');
    await page.waitForSelector('#sign-in summary >> text=Sign in');
    expect(plain(await run())).toContain('"viewer": null');
  });

  test('loads nothing from anywhere else', () => {
    const origin = new URL(server.url).origin;
    expect(requested.length).toBeGreaterThan(1);
    expect(requested.filter((url) => !url.startsWith(origin) && !url.startsWith('data:') && !url.startsWith('blob:'))).toEqual([]);
  });

  test('keeps within its policy', () => {
    expect(said.filter((text) => /Content Security Policy|refused|blocked/i.test(text))).toEqual([]);
  });

  test('is held to its policy by the browser, whatever gets into it', async () => {
    const elsewhere = new URL('/health/live', server.url.replace('127.0.0.1', 'localhost')).href;
    const { refused, ran } = await page.evaluate(async (address) => {
      const refused: string[] = [];
      document.addEventListener('securitypolicyviolation', (event) => refused.push(event.effectiveDirective));
      const add = (name: string, attributes: Record<string, string>, text = ''): HTMLElement => {
        const element = document.createElement(name);
        for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
        element.textContent = text;
        document.body.append(element);
        return element;
      };
      add('script', {}, 'window.ran = true');
      add('script', { src: address });
      add('button', { onclick: 'window.ran = true' }).click();
      add('img', { src: address });
      add('iframe', { src: address });
      add('base', { href: address });
      await fetch(address, { mode: 'no-cors' }).catch(() => undefined);
      await new Promise((resolve) => setTimeout(resolve, 200));
      return { refused, ran: 'ran' in window };
    }, elsewhere);
    expect(ran).toBe(false);
    const directives = ['base-uri', 'connect-src', 'frame-src', 'img-src', 'script-src-attr', 'script-src-elem'];
    expect([...new Set(refused)].sort()).toEqual(directives);
  });

  test('is not shown in a frame of another page', async () => {
    const framing = createServer((_request, response) => {
      response.setHeader('content-type', 'text/html').end(`<iframe src="${server.url}"></iframe>`);
    }).listen(0, '127.0.0.1');
    await once(framing, 'listening');
    const other = await browser.newPage();
    await other.goto(`http://127.0.0.1:${(framing.address() as AddressInfo).port}`, { waitUntil: 'load' });
    const [, frame] = other.frames();
    expect(frame?.url()).toMatch(/^chrome-error:/);
    framing.close();
    await other.close();
  });
});
