import { readProcessConfig, type Config } from './config/index.ts';
import { OperatorError } from './kernel/operator-error.ts';
import { serve, welcome } from './serve.ts';

const write = (line: string) => console.log(line);

/** Ends the process by itself: a database that was started is stopped first, whenever the signal comes. */
function stopOnSignals(starting: ReturnType<typeof serve>): void {
  let asked = false;
  const end = (signal: NodeJS.Signals) => {
    // Whoever asks twice does not want to wait.
    if (asked) process.exit(130);
    asked = true;
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

async function main(config: Config): Promise<void> {
  const starting = serve(config, write);
  stopOnSignals(starting);
  write(welcome(await starting, config));
}

try {
  await main(readProcessConfig());
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  console.error(error.message);
  process.exit(1);
}
