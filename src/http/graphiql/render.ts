import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { GRAPHIQL_OPTIONS } from './options.ts';
import { SIGN_IN_FORM, SIGN_IN_SCRIPT } from './sign-in-form.ts';

// Run as a program of its own: what the page is made of takes 100 MB, which end with it. It writes a line with the hash
// of the page's one script, by which the page's policy names it, and then the page.

// By functions, because a text to be put in may have a dollar sign in it. The script is the last thing in the page.
const page = renderGraphiQL(GRAPHIQL_OPTIONS)
  .replace('<div id="root"></div>', (root) => `${root}${SIGN_IN_FORM}`)
  .replace(/<\/script>(?![^]*<\/script>)/, (end) => `;${SIGN_IN_SCRIPT}${end}`);
if (!page.includes(SIGN_IN_FORM) || !page.includes(SIGN_IN_SCRIPT)) throw new Error('The query page has no place for the form.');
const [, script] = /<script>([^]*)<\/script>/.exec(page) ?? [];
if (script === undefined) throw new Error('The query page has no script.');
// As the browser sees it: reading a page makes one kind of line end out of all.
const seen = script.replaceAll('\r\n', '\n').replaceAll('\r', '\n');
process.stdout.write(`sha256-${createHash('sha256').update(seen).digest('base64')}\n`);
process.stdout.write(gzipSync(page));
