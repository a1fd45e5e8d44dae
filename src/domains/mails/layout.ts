/** What mails are written with. */
export interface MailSettings {
  /** Where the pages of the integrator begin, without a slash at the end. */
  readonly publicUrl: string;
  /** What the installation calls itself. */
  readonly product: string;
}

/** A mail before it is laid out: plain texts, whatever they hold. */
export interface MailContent {
  readonly title: string;
  readonly paragraphs: readonly string[];
  /** What is to be pressed. */
  readonly button?: { readonly text: string; readonly href: string };
  /** What stands below the line: who sends this, and why. */
  readonly footer: string;
}

/** The address of one of the integrator's pages, with a token in it. */
export function pageLink({ publicUrl }: MailSettings, page: 'verify-email' | 'reset-password' | 'accept-invitation', token: string): string {
  return `${publicUrl}/${page}?token=${encodeURIComponent(token)}`;
}

/** The same mail twice, as text and as HTML: no picture and nothing to be fetched, so that nobody learns when it is read. */
export function layout(content: MailContent): { readonly text: string; readonly html: string } {
  return { text: textOf(content), html: htmlOf(content) };
}

function textOf({ title, paragraphs, button, footer }: MailContent): string {
  const link = button ? [`${button.text}:\n${button.href}`] : [];
  return `${[title, ...paragraphs, ...link, `-- \n${footer}`].join('\n\n')}\n`;
}

const ESCAPES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
const escape = (text: string): string => text.replace(/[&<>"']/g, (character) => ESCAPES[character]!);

const FONT = 'font-family:-apple-system,Segoe UI,Roboto,Helvetica,Arial,sans-serif';

function htmlOf({ title, paragraphs, button, footer }: MailContent): string {
  const lines = paragraphs.map((paragraph) => `<p style="margin:0 0 16px;font-size:16px;line-height:24px;color:#27303a">${escape(paragraph)}</p>`);
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title></head>
<body style="margin:0;padding:32px 16px;background:#f4f6f8;${FONT}">
<table role="presentation" cellpadding="0" cellspacing="0" align="center" width="100%" style="max-width:560px;margin:0 auto;background:#ffffff;border:1px solid #e1e6eb;border-radius:8px">
<tr><td style="padding:32px">
<h1 style="margin:0 0 16px;font-size:22px;line-height:28px;color:#12181f">${escape(title)}</h1>
${lines.join('\n')}
${button ? buttonOf(button) : ''}
</td></tr>
<tr><td style="padding:16px 32px;border-top:1px solid #e1e6eb;font-size:13px;line-height:18px;color:#66717d">${escape(footer)}</td></tr>
</table>
</body>
</html>
`;
}

function buttonOf({ text, href }: NonNullable<MailContent['button']>): string {
  return `<p style="margin:24px 0"><a href="${escape(href)}" style="display:inline-block;padding:12px 20px;background:#0f766e;color:#ffffff;border-radius:6px;font-size:16px;text-decoration:none">${escape(text)}</a></p>
<p style="margin:0;font-size:13px;line-height:18px;color:#66717d;word-break:break-all">Or open this address: ${escape(href)}</p>`;
}
