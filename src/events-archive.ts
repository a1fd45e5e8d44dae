import { readProcessConfig } from './config/index.ts';
import { OperatorError } from './kernel/operator-error.ts';
import { runArchive } from './ops/archive/index.ts';

try {
  await runArchive(process.argv.slice(2), readProcessConfig(), console.log);
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
