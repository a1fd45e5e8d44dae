import { gzipSync } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import { GRAPHIQL_OPTIONS } from './options.ts';

// Run as a program of its own: what the page is made of takes 100 MB, which end with it.
process.stdout.write(gzipSync(renderGraphiQL(GRAPHIQL_OPTIONS)));
