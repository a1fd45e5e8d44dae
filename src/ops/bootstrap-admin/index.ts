import type { Config } from '../../config/index.ts';
import { inTransaction, withClient } from '../../platform/postgres/client.ts';
import { openDatabase, prepareDatabase } from '../../platform/postgres/open-database.ts';
import { requireOwnerUrl } from '../definer.ts';
import { appoint, requireAppointable } from './appoint.ts';
import { askPassword, readPiped, type Terminal } from './ask-password.ts';
import { dismiss } from './dismiss.ts';
import { type AppointOptions, type DismissOptions, help, readOptions } from './options.ts';

type BootstrapConfig = Pick<Config, 'database' | 'dataDir'>;

/** What is a matter of domains, which an operator's command may not know: so it is handed in. */
export interface BootstrapTools {
  /** @throws OperatorError that says what is wrong with the password. */
  checkPassword(password: string, owner: { readonly email: string; readonly name: string | null }): Promise<void>;
  hash(password: string): Promise<string>;
  /** The types of the events that tell of it. */
  readonly eventTypes: { readonly appointed: string; readonly dismissed: string };
  /** Whose log they are written to: the platform's own organization. */
  readonly systemOrgId: string;
}

/** What the two things that the command does need. */
interface Bench {
  readonly ownerUrl: string;
  readonly tools: BootstrapTools;
  readonly terminal: Terminal;
  write(line: string): void;
}

/**
 * The command `bootstrap-admin`.
 *
 * @throws OperatorError with one line; then nobody was appointed, and nobody dismissed.
 */
export async function runBootstrap(argv: readonly string[], config: BootstrapConfig, tools: BootstrapTools, terminal: Terminal): Promise<void> {
  const options = readOptions(argv);
  const write = (line: string): void => void terminal.output.write(`${line}\n`);
  if (options === null) return write(help);
  const database = await openDatabase(config, { log: write, purpose: 'bootstrap-admin', whenHeld: 'join' });
  try {
    const ownerUrl = requireOwnerUrl(database);
    await prepareDatabase(database);
    const bench = { ownerUrl, tools, terminal, write };
    await (options.act === 'appoint' ? runAppointment(options, bench) : runDismissal(options, bench));
  } finally {
    await database.stop();
  }
}

async function runAppointment(options: AppointOptions, { ownerUrl, tools, terminal, write }: Bench): Promise<void> {
  const { email, passwordFromStdin } = options;
  // Before anybody is asked for a password that would be of no use.
  await withClient(ownerUrl, (client) => inTransaction(client, () => requireAppointable(client, options)));
  const password = passwordFromStdin ? await readPiped(terminal.input) : await askPassword(terminal);
  await tools.checkPassword(password, options);
  const appointment = { eventType: tools.eventTypes.appointed, systemOrgId: tools.systemOrgId, passwordHash: await tools.hash(password) };
  const former = await withClient(ownerUrl, (client) => inTransaction(client, () => appoint(client, options, appointment)));
  write(`${email} is an administrator of the platform.`);
  if (former !== null) {
    write(`There was such an identity: it has the new password, its open sessions have ended (${former.sessions}), and links and sign-ins under way are void (${former.tokens}).`);
  }
  write(
    former?.hasSecondFactor
      ? 'Its second factor was left as it is: signing in asks for it.'
      : 'It has no second factor. Sign in, and set one up: who has this password has every organization.',
  );
}

async function runDismissal(options: DismissOptions, { ownerUrl, tools, write }: Bench): Promise<void> {
  const dismissal = { eventType: tools.eventTypes.dismissed, systemOrgId: tools.systemOrgId };
  const former = await withClient(ownerUrl, (client) => inTransaction(client, () => dismiss(client, options, dismissal)));
  write(`${options.email} is no administrator of the platform any more.`);
  write(`Its open sessions have ended (${former.sessions}), and links and sign-ins under way are void (${former.tokens}); its password is as it was.`);
  write('API keys that it made in organizations go on: who knows their secrets can use them until they are revoked or made anew.');
}
