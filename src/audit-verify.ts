import { readProcessConfig } from './config/index.ts';
import { OperatorError } from './kernel/operator-error.ts';
import { runVerify } from './ops/audit/index.ts';

/** What was verified and found wrong, and what could not be verified, are told apart by whoever calls this by a timer. */
const [FOUND, FAILED] = [1, 2];

try {
  const isWhole = await runVerify(process.argv.slice(2), readProcessConfig(), { out: process.stdout, progress: process.stderr });
  if (!isWhole) process.exitCode = FOUND;
} catch (error) {
  console.error(error instanceof OperatorError ? error.message : error);
  process.exitCode = FAILED;
}
