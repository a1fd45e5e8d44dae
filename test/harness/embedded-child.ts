import { startEmbedded } from '../../src/platform/postgres/embedded/index.ts';

/** A server process as small as can be: has the embedded database until it is told to end. See `embedded-process.ts`. */
const [dataDir = ''] = process.argv.slice(2);

const tell = (message: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

try {
  const database = await startEmbedded({
    dataDir,
    log: (line) => tell({ log: line }),
    initdbFlags: ['--no-sync'],
  });
  tell({ superuserUrl: database.superuserUrl(), reused: database.reused });
  const idle = setInterval(() => undefined, 60_000);
  process.once('SIGTERM', () => {
    clearInterval(idle);
    void database.stop();
  });
} catch (error) {
  tell({ error: error instanceof Error ? error.message : String(error) });
  process.exitCode = 1;
}
