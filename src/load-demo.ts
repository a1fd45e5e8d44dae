import { text } from 'node:stream/consumers';
import { ensureDemoData } from '../prisma/seed.ts';
import { composeApp, createLogger } from './compose.ts';
import type { DemoTask } from './serve.ts';

// The first start runs this as a program of its own: hashing passwords and filling the organizations takes 150 MB,
// which end with it, and the server is as small after its first start as after any other. Secrets come by standard
// input.
const { config, database, ownerUrl, url } = JSON.parse(await text(process.stdin)) as DemoTask;
const app = composeApp({ config, database, logger: createLogger(config) });
try {
  await ensureDemoData({ app, ownerUrl, dataDir: config.dataDir, url });
} finally {
  await app.close();
}
