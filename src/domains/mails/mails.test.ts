import { describe, expect, test } from 'vitest';
import { knownAddressMail, layout, lockedMail, type MailSettings, passwordChangedMail, resetPasswordMail, verifyEmailMail } from './index.ts';

const settings: MailSettings = { publicUrl: 'https://app.example.test', product: 'Tenantry' };
const to = 'ada@example.test';
const at = new Date('2026-01-31T09:30:59.999Z');
const ofAnAccount = {
  passwordChanged: passwordChangedMail(settings, { to, at, keys: { keys: 3, organizations: 2 } }),
  locked: lockedMail(settings, { to, until: at }),
};
const mails = {
  ...ofAnAccount,
  verifyEmail: verifyEmailMail(settings, { to, token: 'tv_x' }),
  resetPassword: resetPasswordMail(settings, { to, token: 'tp_x' }),
  knownAddress: knownAddressMail(settings, { to }),
};

describe.each(Object.entries(mails))('the mail %s', (name, { subject, text, html }) => {
  test('says by whom and why it comes, once as text and once as HTML', () => {
    expect(subject).toMatch(/Tenantry/);
    for (const body of [text, html]) {
      expect(body).toContain(name in ofAnAccount ? 'You get this mail because it is about who gets into your account at Tenantry.' : 'You get this mail because somebody gave this address to Tenantry.');
      expect(body.length).toBeGreaterThan(200);
    }
  });

  test('loads nothing, so that nobody learns when it is read', () => {
    expect(html).not.toMatch(/<(img|script|link|iframe|object|video|audio)\b|url\(|@import/i);
  });
});

test('a link leads to a page of the integrator with the token in it, in both forms', () => {
  for (const [mail, link] of [[mails.verifyEmail, 'https://app.example.test/verify-email?token=tv_x'], [mails.resetPassword, 'https://app.example.test/reset-password?token=tp_x']] as const) {
    expect(mail.text).toContain(link);
    expect(mail.html).toContain(`href="${link}"`);
  }
  for (const mail of [mails.knownAddress, mails.passwordChanged, mails.locked]) expect(mail.text).not.toContain('http');
});

test('times are those of UTC', () => {
  expect(mails.locked.text).toContain('Until 2026-01-31 09:30 UTC nobody can sign in');
});

test('what people are called does nothing in the HTML', () => {
  const hostile = `<script>alert('1')</script> & "quoted"`;
  const { html, text } = layout({ title: hostile, paragraphs: [hostile], button: { text: hostile, href: `https://x.test/"><b>` }, footer: hostile });
  expect(html).not.toMatch(/<script|<b>/);
  expect(html.match(/&lt;script&gt;alert\(&#39;1&#39;\)&lt;\/script&gt; &amp; &quot;quoted&quot;/g)).toHaveLength(5);
  expect(text).toContain(hostile);
});
