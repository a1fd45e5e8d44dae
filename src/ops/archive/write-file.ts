import { createHash } from 'node:crypto';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { OperatorError } from '../../kernel/operator-error.ts';

/** A file as it lies on the disk. */
export interface Written {
  /** SHA-256, in hexadecimal digits. */
  readonly checksum: string;
  readonly bytes: number;
}

/**
 * Writes lines to a new file, which appears under its name when all of it is on the disk and `verify` has found nothing
 * wrong with what can be read there, and not before.
 *
 * @throws OperatorError when the file is there already, or cannot be written; whatever `verify` throws.
 */
export async function writeFile(
  file: string,
  lines: AsyncIterable<string>,
  verify: (draft: string, written: Written) => Promise<void>,
): Promise<Written> {
  const draft = `${file}.${process.pid}.partial`;
  try {
    const written = await writeDraft(draft, lines);
    await verify(draft, written);
    // A link never replaces what is there.
    await link(draft, file);
    await flushDirectory(dirname(file));
    return written;
  } catch (error) {
    throw explained(file, error);
  } finally {
    await rm(draft, { force: true });
  }
}

const CHUNK_BYTES = 64 * 1024;

async function writeDraft(draft: string, lines: AsyncIterable<string>): Promise<Written> {
  const hash = createHash('sha256');
  let bytes = 0;
  // What is archived is for few eyes.
  const handle = await open(draft, 'wx', 0o600);
  const write = async (text: string): Promise<void> => {
    const chunk = Buffer.from(text);
    hash.update(chunk);
    bytes += chunk.length;
    await handle.writeFile(chunk);
  };
  try {
    let chunk = '';
    for await (const line of lines) {
      chunk += `${line}\n`;
      if (chunk.length < CHUNK_BYTES) continue;
      await write(chunk);
      chunk = '';
    }
    await write(chunk);
    await handle.sync();
  } finally {
    await handle.close();
  }
  return { checksum: hash.digest('hex'), bytes };
}

/** So that the name survives a loss of power too. */
async function flushDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function explained(file: string, error: unknown): unknown {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'EEXIST':
      return new OperatorError(`The file ${file} is there already: name another one, because an archive is never written over.`, { cause: error });
    case 'ENOENT':
    case 'ENOTDIR':
      return new OperatorError(`The directory of ${file} is not there: make it, or name another file.`, { cause: error });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new OperatorError(`The file ${file} cannot be written: mend the rights of its directory, or name another file.`, { cause: error });
    case 'ENOSPC':
      return new OperatorError(`The disk of ${file} is full: free some space, and run the same command again. Nothing was taken away.`, { cause: error });
    default:
      return error;
  }
}
