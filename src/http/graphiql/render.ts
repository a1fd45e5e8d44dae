import { parentPort, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import { renderGraphiQL } from '@graphql-yoga/render-graphiql';
import type { GraphiQLOptions } from 'graphql-yoga';

/** A thread of its own makes the page, because what it is made of takes 100 MB that are gone when the thread ends. */
parentPort?.postMessage(gzipSync(renderGraphiQL(workerData as GraphiQLOptions)));
