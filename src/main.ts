import { enableCompileCache, flushCompileCache } from 'node:module';
import path from 'node:path';

// Before anything is loaded: compiled code is kept for the next start, where it can be written; elsewhere nothing is.
enableCompileCache(path.join(import.meta.dirname, '../node_modules/.cache/compiled'));
const { OperatorError } = await import('./kernel/operator-error.ts');

const write = (line: string) => console.log(line);

/** `npm start` passes on a Ctrl-C that the terminal has sent to everybody already: within this time it is the same one. */
const SAME_SIGNAL_MS = 1_000;

/** Ends the process by itself: a database that was started is stopped first, whenever the signal comes. */
function stopOnSignals(starting: Promise<{ stop(): Promise<void> }>): void {
  let askedAt: number | undefined;
  const end = (signal: NodeJS.Signals) => {
    if (askedAt !== undefined) {
      // Whoever asks twice does not want to wait. A database that is left running is taken over by the next start.
      if (performance.now() - askedAt > SAME_SIGNAL_MS) process.exit(130);
      return;
    }
    askedAt = performance.now();
    write(`${signal}: finishing what is under way ...`);
    const stopped = starting.then((running) => running.stop());
    void stopped.then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

async function main(): Promise<void> {
  // First alone: what is wrong with the configuration is told at once.
  const { readProcessConfig } = await import('./config/index.ts');
  const config = readProcessConfig();
  const { serve, welcome } = await import('./serve.ts');
  const starting = serve(config, write);
  stopOnSignals(starting);
  write(welcome(await starting, config));
  flushCompileCache();
}

try {
  await main();
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  console.error(error.message);
  process.exit(1);
}
