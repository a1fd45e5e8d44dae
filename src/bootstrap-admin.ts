import { readProcessConfig } from './config/index.ts';
import { checkPassword } from './domains/people/index.ts';
import { SYSTEM_ORGANIZATION_ID } from './domains/organizations/index.ts';
import { platformEvents } from './domains/platform/index.ts';
import { ValidationError } from './kernel/errors.ts';
import { OperatorError } from './kernel/operator-error.ts';
import { type BootstrapTools, runBootstrap } from './ops/bootstrap-admin/index.ts';
import { hashSecret } from './platform/crypto/passwords.ts';

const tools: BootstrapTools = {
  checkPassword: (password, owner) =>
    checkPassword(password, owner).catch((error: unknown) => {
      if (!(error instanceof ValidationError)) throw error;
      throw new OperatorError(`The password ${error.fields.map(({ message }) => message).join('; ')}.`, { cause: error });
    }),
  hash: (password) => hashSecret(password, 'standard'),
  eventTypes: { appointed: platformEvents.appointed.type, dismissed: platformEvents.dismissed.type },
  systemOrgId: SYSTEM_ORGANIZATION_ID,
};

try {
  await runBootstrap(process.argv.slice(2), readProcessConfig(), tools, { input: process.stdin, output: process.stdout });
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
