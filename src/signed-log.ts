import type { Logger } from 'pino';
import type { Config } from './config/index.ts';
import { type CheckpointJob, createLogExporter, type LogExporter, startCheckpoints } from './domains/events/index.ts';
import { describeForLog } from './http/error-log.ts';
import type { Clock } from './kernel/clock.ts';
import { type BrokenChainError, type KeyRing, openKeyRing } from './platform/chain/index.ts';
import type { TenantClient } from './platform/postgres/tenant-client.ts';

export interface SignedLogParts {
  readonly config: Config;
  readonly db: TenantClient;
  /** The organizations whose logs are to be signed: asked across all of them. */
  findUnsigned(events: number, ageMs: number): Promise<readonly string[]>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What of this process signs logs, and gives them away. */
export interface SignedLog {
  readonly keyRing: KeyRing;
  readonly exporter: LogExporter;
  /** Signs all logs now and then, until it is stopped. */
  startCheckpoints(): CheckpointJob;
}

/**
 * Opens the keys of the configuration. Nothing is signed before `startCheckpoints`, but what is exported.
 *
 * @throws ConfigError when the secret key is needed for it and cannot be read.
 */
export function openSignedLog({ config, db, findUnsigned, logger, clock }: SignedLogParts): SignedLog {
  const keyRing = openKeyRing(config);
  const onBroken = ({ message }: BrokenChainError): void => logger.error({ code: 'LOG_BROKEN' }, message);
  return {
    keyRing,
    exporter: createLogExporter({ keys: keyRing, onBroken }),
    startCheckpoints: () =>
      startCheckpoints({
        db,
        keys: keyRing,
        now: () => clock.now(),
        findUnsigned,
        onSigned: ({ organization: orgId, position, hash, keyId }) => logger.info({ orgId, position, hash, keyId }, 'log signed'),
        onBroken,
        onFailure: (error) => logger.warn({ code: 'LOG_NOT_SIGNED', error: describeForLog(error) }, 'a log could not be signed now'),
      }),
  };
}
