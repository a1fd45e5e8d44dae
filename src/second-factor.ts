import { readOrCreateSecretKey, readProcessConfig } from './config/index.ts';
import { secondFactorOffMail } from './domains/mails/index.ts';
import { SYSTEM_ORGANIZATION_ID } from './domains/organizations/index.ts';
import { platformEvents } from './domains/platform/index.ts';
import { createSecondFactorKeys, sealContext } from './domains/second-factor/index.ts';
import { OperatorError } from './kernel/operator-error.ts';
import { mailSettingsOf, sendMail } from './mails.ts';
import { runSecondFactor, type SecondFactorTools } from './ops/second-factor/index.ts';

try {
  const config = readProcessConfig();
  const tools: SecondFactorTools = {
    openSealing: () => createSecondFactorKeys(readOrCreateSecretKey(config), config.secondFactorKeys).sealing,
    contextOf: sealContext,
    tell: (email) => sendMail(config, secondFactorOffMail(mailSettingsOf(config), email)),
    eventType: platformEvents.factorRemoved.type,
    systemOrgId: SYSTEM_ORGANIZATION_ID,
  };
  await runSecondFactor(process.argv.slice(2), config, tools, { out: process.stdout, progress: process.stderr });
} catch (error) {
  if (!(error instanceof OperatorError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
