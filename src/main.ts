import { readProcessConfig } from './config/index.ts';
import { OperatorError } from './kernel/operator-error.ts';
import { serve, welcome } from './serve.ts';

const write = (line: string) => console.log(line);

try {
  const config = readProcessConfig();
  const running = await serve(config, write);
  write(welcome(running, config));
  const end = (signal: NodeJS.Signals) => {
    write(`${signal}: finishing what is under way ...`);
    void running.stop().then(() => process.exit(0));
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  console.error(error.message);
  process.exit(1);
}
