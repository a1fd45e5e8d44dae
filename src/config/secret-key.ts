import { randomBytes } from 'node:crypto';
import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ConfigError } from './config-error.ts';
import type { Config } from './config.ts';

const readKept = (file: string): string | undefined => {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new ConfigError(`Cannot read ${file}: let the server's user read it, or set SECRET_KEY.`, { cause: error });
  }
};

/** Written beside and linked into place: a start that is killed half-way leaves no empty key behind. */
const keepNew = (file: string): void => {
  const draft = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    writeFileSync(draft, `${randomBytes(48).toString('base64url')}\n`, { mode: 0o600, flag: 'wx', flush: true });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return;
    throw new ConfigError(`Cannot write ${file}: make DATA_DIR writable, or set SECRET_KEY.`, { cause: error });
  } finally {
    rmSync(draft, { force: true });
  }
};

/**
 * The key that signs fingerprints: SECRET_KEY, or the one in `DATA_DIR/secret.key` (mode 0600), made at first use.
 *
 * @throws ConfigError when the file cannot be read or written, or holds fewer than 32 characters.
 */
export const readOrCreateSecretKey = (config: Pick<Config, 'secretKey' | 'dataDir'>): string => {
  if (config.secretKey !== undefined) return config.secretKey;
  const file = path.join(config.dataDir, 'secret.key');
  if (readKept(file) === undefined) keepNew(file);
  const key = readKept(file) ?? '';
  if (key.length < 32) {
    throw new ConfigError(`${file} holds fewer than 32 characters: restore it from a backup, or set SECRET_KEY.`);
  }
  return key;
};
