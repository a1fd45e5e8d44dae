import { mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createFileOutbox, createMailer, createSmtp, type Mail, type MailTransport } from './index.ts';

const FROM = 'Tenantry <no-reply@tenantry.test>';
const mail = (more: Partial<Mail> = {}): Mail => ({ to: 'ada@example.test', subject: 'Grüße', text: 'Open http://localhost/verify?token=tv_x now.\n', html: '<p>Open it</p>', ...more });

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(path.join(tmpdir(), 'mails-'));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

/** What has become of mails in a directory of its own. */
async function written(...mails: readonly Mail[]): Promise<{ folder: string; names: string[] }> {
  const folder = path.join(await mkdtemp(path.join(directory, 'outbox-')), 'made');
  const outbox = createFileOutbox(folder);
  for (const each of mails) await outbox.send(each, FROM);
  outbox.close();
  return { folder, names: (await readdir(folder)).sort() };
}

describe('the outbox of files', () => {
  test('has each mail as the message that would be sent, and as JSON with its links, in the order of sending', async () => {
    const { folder, names } = await written(mail(), mail({ to: 'bob@example.test' }));
    expect(names.map((name) => path.extname(name))).toEqual(['.eml', '.json', '.eml', '.json']);
    const message = await readFile(path.join(folder, names[0]!), 'utf8');
    expect(message).toMatch(/^From: Tenantry <no-reply@tenantry\.test>$/m);
    expect(message).toMatch(/^To: ada@example\.test$/m);
    expect(message).toMatch(/^Subject: =\?UTF-8\?/m);
    expect(message).toMatch(/^Auto-Submitted: auto-generated$/m);
    expect(message).toContain('<p>Open it</p>');
    const entries = await Promise.all(names.filter((name) => name.endsWith('.json')).map(async (name) => JSON.parse(await readFile(path.join(folder, name), 'utf8'))));
    expect(entries.map(({ to }) => to)).toEqual(['ada@example.test', 'bob@example.test']);
    expect(entries[0]).toEqual({ to: 'ada@example.test', subject: 'Grüße', text: mail().text, links: ['http://localhost/verify?token=tv_x'] });
  });

  test('is read by the account of the server alone, because what is in it opens doors', async () => {
    const { folder, names } = await written(mail());
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    for (const name of names) expect((await stat(path.join(folder, name))).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['the subject', { subject: 'Hello\r\nBcc: eve@example.test\r\n\r\nAnother text' }],
    ['the address', { to: 'ada@example.test\r\nBcc: eve@example.test' }],
    ['a list of addresses', { to: 'ada@example.test, eve@example.test' }],
  ])('lets nobody add a header or a receiver by %s', async (_where, more) => {
    const { folder, names } = await written(mail(more));
    const message = await readFile(path.join(folder, names[0]!), 'utf8');
    const headers = message.slice(0, message.indexOf('\n\n')).split(/\n(?![ \t])/);
    expect(headers.filter((line) => /^(bcc|cc)/i.test(line))).toEqual([]);
    expect(headers.filter((line) => /^to:/i.test(line))).toHaveLength(1);
    expect(headers.find((line) => /^to:/i.test(line))).not.toMatch(/[^"\w.@]\s*eve@example\.test>?$/);
  });
});

/**
 * A mail server that knows as much of SMTP as is needed, without TLS, and keeps what it is given and what it was told. It says
 * nothing at all when it is silent.
 */
async function mailServer({ silent = false } = {}): Promise<{ url: string; received: string[]; told: string[]; refuse(times: number): void; close(): Promise<void> }> {
  const received: string[] = [];
  const told: string[] = [];
  const sockets = new Set<Socket>();
  let refusals = 0;
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    let data: string | null = null;
    let rest = '';
    const say = (line: string) => void (silent || socket.write(`${line}\r\n`));
    const take = (line: string): void => {
      if (data !== null) {
        if (line !== '.') return void (data += `${line}\n`);
        received.push(data);
        data = null;
        return say('250 taken');
      }
      told.push(line);
      if (/^EHLO/i.test(line)) return say('250 mail.test');
      if (/^MAIL FROM/i.test(line) && refusals > 0) return (refusals -= 1), say('451 not now');
      if (/^DATA/i.test(line)) return (data = ''), say('354 go on');
      if (/^QUIT/i.test(line)) return say('221 bye');
      if (/^STARTTLS/i.test(line)) return say('502 no such command');
      say('250 ok');
    };
    socket.on('data', (chunk) => {
      const lines = (rest + String(chunk)).split('\r\n');
      rest = lines.pop()!;
      for (const line of lines) take(line);
    });
    socket.on('error', () => undefined);
    say('220 mail.test');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as { port: number };
  return {
    url: `smtp://127.0.0.1:${port}`,
    ...{ received, told },
    refuse: (times) => void (refusals = times),
    close: () => {
      for (const socket of sockets) socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

describe('SMTP', () => {
  test('hands the mail to the server, and again when the server refuses it for the moment', async () => {
    const server = await mailServer();
    const lost: unknown[] = [];
    const mailer = createMailer({ transport: createSmtp(server.url), from: FROM, onLost: (error) => lost.push(error), retryDelaysMs: [1, 1, 1] });
    server.refuse(2);
    mailer.send(mail());
    await mailer.settled();
    expect(lost).toEqual([]);
    expect(server.received).toHaveLength(1);
    expect(server.received[0]).toMatch(/^To: ada@example\.test$/m);
    await mailer.close();
    await server.close();
  });

  /** What became of a mail by an address in another form: a name of this machine that is no loopback to the eye. */
  async function sentBy(change: (url: URL) => void): Promise<{ received: string[]; told: string[]; lost: unknown[] }> {
    const server = await mailServer();
    const url = new URL(server.url);
    url.username = 'tenantry';
    url.password = 'password';
    change(url);
    const lost: unknown[] = [];
    const mailer = createMailer({ transport: createSmtp(url.href), from: FROM, onLost: (error) => lost.push(error), retryDelaysMs: [] });
    mailer.send(mail());
    await mailer.settled();
    await mailer.close();
    await server.close();
    return { received: server.received, told: server.told, lost };
  }
  const elsewhere = (url: URL): void => void (url.hostname = '0.0.0.0');

  test('hands neither a mail nor a password to a server elsewhere that offers no TLS, as somebody who stands between can pretend', async () => {
    const { received, told, lost } = await sentBy(elsewhere);
    expect([received, lost.length, told[0]]).toEqual([[], 1, expect.stringMatching(/^EHLO/i)]);
    expect(told.filter((line) => !/^(EHLO|STARTTLS|QUIT)/i.test(line))).toEqual([]);
  });

  test('does without TLS on this machine, and where the address says so', async () => {
    for (const change of [() => undefined, (url: URL) => void (url.hostname = 'localhost'), (url: URL) => (elsewhere(url), url.searchParams.set('requireTLS', 'false'))])
      expect((await sentBy(change)).received).toHaveLength(1);
  });
});

describe('the mailer', () => {
  /** A transport that fails as often as it is told, and keeps what it took. */
  function transport(failures: number): MailTransport & { tries: number; taken: Mail[] } {
    return {
      tries: 0,
      taken: [],
      send(each) {
        this.tries += 1;
        if (this.tries <= failures) return Promise.reject(new Error('not now'));
        this.taken.push(each);
        return Promise.resolve();
      },
      close: () => undefined,
    };
  }
  const mailerOn = (to: MailTransport, lost: unknown[], more: object = {}) => createMailer({ transport: to, from: FROM, onLost: (error) => lost.push(error), retryDelaysMs: [1, 1, 1], ...more });

  test('tries a mail four times and then tells that it is lost, without its text or its address', async () => {
    const [three, four] = [transport(3), transport(4)];
    const lost: unknown[] = [];
    for (const to of [three, four]) {
      const mailer = mailerOn(to, lost);
      mailer.send(mail());
      await mailer.settled();
    }
    expect(three.taken).toHaveLength(1);
    expect([four.tries, four.taken]).toEqual([4, []]);
    expect(lost.map(String)).toEqual(['Error: not now']);
  });

  test('does nothing before whoever sends goes on, and never fails', () => {
    const to = transport(0);
    expect(mailerOn(to, []).send(mail())).toBeUndefined();
    expect(to.tries).toBe(0);
  });

  test('keeps so many waiting and no more', async () => {
    const lost: unknown[] = [];
    const to = transport(0);
    const mailer = mailerOn(to, lost, { waitingMax: 3 });
    for (let each = 0; each < 5; each += 1) mailer.send(mail());
    expect(lost.map(String)).toEqual(Array.from({ length: 2 }, () => 'Error: 3 mails are waiting to be sent already.'));
    await mailer.settled();
    expect(to.taken).toHaveLength(3);
  });

  test('sends one person five mails an hour of a kind that others cause, and everything else', async () => {
    let nowMs = 0;
    const to = transport(0);
    const mailer = mailerOn(to, [], { clock: { now: () => new Date(nowMs) } });
    const taken = async (times: number, more: Partial<Mail>): Promise<number> => {
      const before = to.taken.length;
      for (let each = 0; each < times; each += 1) mailer.send(mail(more));
      await mailer.settled();
      return to.taken.length - before;
    };
    expect(await taken(9, { causedByOthers: 'one' })).toBe(5);
    expect(await taken(9, { causedByOthers: 'other' })).toBe(5);
    expect(await taken(9, { causedByOthers: 'one', to: 'bob@example.test' })).toBe(5);
    expect(await taken(9, {})).toBe(9);
    nowMs += 60 * 60_000 - 1;
    expect(await taken(1, { causedByOthers: 'one' })).toBe(0);
    nowMs += 1;
    expect(await taken(9, { causedByOthers: 'one' })).toBe(5);
  });

  test('hands over what waits when it is closed, and waits for no further try', async () => {
    const lost: unknown[] = [];
    const [good, bad] = [transport(0), transport(99)];
    for (const to of [good, bad]) {
      const mailer = mailerOn(to, lost, { retryDelaysMs: [600_000] });
      for (let each = 0; each < 10; each += 1) mailer.send(mail());
      await mailer.close();
      mailer.send(mail());
    }
    expect(good.taken).toHaveLength(10);
    expect(bad.tries).toBeLessThanOrEqual(20);
    expect(lost.map(String)).toEqual(['Error: The server is stopping.', ...Array.from({ length: 10 }, () => 'Error: not now'), 'Error: The server is stopping.']);
  });

  test('is closed though the mail server never answers, and tells once of each mail that is lost by it, those in the queue too', async () => {
    const server = await mailServer({ silent: true });
    const lost: unknown[] = [];
    const mailer = mailerOn(createSmtp(server.url), lost, { closeWithinMs: 50 });
    for (let each = 0; each < 20; each += 1) mailer.send(mail());
    await mailer.close();
    expect(lost.map(String)).toEqual(Array.from({ length: 20 }, () => 'Error: The server is stopping, and mails were not taken in time.'));
    await server.close();
  });

  test('hands nothing over after it was closed: what was told of as lost before its turn does not arrive', async () => {
    const answers: (() => void)[] = [];
    const slow: MailTransport = { send: () => new Promise((resolve) => void answers.push(resolve)), close: () => undefined };
    const lost: unknown[] = [];
    const mailer = mailerOn(slow, lost, { closeWithinMs: 20 });
    for (let each = 0; each < 6; each += 1) mailer.send(mail());
    await mailer.close();
    expect([answers.length, lost.length]).toEqual([4, 6]);
    for (const answer of answers.splice(0)) answer();
    await new Promise((resolve) => void setImmediate(resolve));
    expect([answers.length, lost.length]).toEqual([0, 6]);
  });
});
