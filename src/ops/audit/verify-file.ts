import { stat } from 'node:fs/promises';
import { OperatorError } from '../../kernel/operator-error.ts';
import { checkFile, type FileReport, type KeyRing } from '../../platform/chain/index.ts';
import { startProgress } from '../progress.ts';
import { describeEvents, tell, type Write } from './report.ts';

/**
 * Verifies an export or an archive, and tells what was found.
 *
 * @throws OperatorError when it cannot be read, or is neither.
 */
export async function verifyFile(file: string, keys: KeyRing, output: NodeJS.WriteStream, write: Write): Promise<FileReport> {
  const { size } = await stat(file).catch((error: unknown) => {
    throw new OperatorError(`The file ${file} cannot be read (${(error as NodeJS.ErrnoException).code}): mend its name.`);
  });
  const progress = startProgress({ total: size, unit: 'bytes', output });
  try {
    const report = await checkFile(file, keys, (count) => progress.add(count, true));
    if (!report) throw new OperatorError(`The file ${file} is no export and no archive of a log: its first line says what it is, and this one does not.`);
    const { check, after, organization } = report;
    const signed = check.signedThrough.toLocaleString('en-US');
    tell(write, file, check, `${describeEvents(check, after)} of the organization ${organization}, signed up to position ${signed}`);
    return report;
  } finally {
    progress.stop();
  }
}
