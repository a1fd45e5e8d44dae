import { once } from 'node:events';
import { startEmbedded } from '../../src/platform/postgres/embedded/index.ts';

/** A server process as small as can be: has the embedded database until it is told to end. See `embedded-process.ts`. */
const [dataDir = ''] = process.argv.slice(2);

const tell = (message: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

// Listened for from the beginning: whoever reads that the database is up may send it at once, and a process that is
// ended by a signal that nobody listens for leaves its database running.
const told = once(process, 'SIGTERM');

try {
  const database = await startEmbedded({
    dataDir,
    log: (line) => tell({ log: line }),
    initdbFlags: ['--no-sync'],
  });
  tell({ superuserUrl: database.superuserUrl(), reused: database.reused });
  const idle = setInterval(() => undefined, 60_000);
  await told;
  clearInterval(idle);
  await database.stop();
} catch (error) {
  tell({ error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
