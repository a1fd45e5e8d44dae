import path from 'node:path';
import { mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../../vitest.config.ts';
import { CHANGED_FILE } from './changed-file.ts';

/** The files of the command line, in their order: the quickest to notice something come first. */
const wanted = process.argv.filter((argument) => /^(src|test)\//.test(argument));
/** How the words of the changed file's name begin, so that "delete" is found in "deleting" as well. */
const beginnings = path
  .basename(process.env[CHANGED_FILE] ?? '', '.ts')
  .split(/[-.]/)
  .filter((word) => word.length >= 5)
  .map((word) => word.slice(0, 5));

/** Those first that are named after what was changed, and the others as they were given. */
class LikeliestFirst extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const alike = ({ moduleId }: TestSpecification): number => beginnings.filter((word) => path.basename(moduleId).includes(word)).length;
    const place = ({ moduleId }: TestSpecification): number => wanted.findIndex((file) => moduleId.includes(`/${file}`));
    return specifications.toSorted((a, b) => alike(b) - alike(a) || place(a) - place(b));
  }
}

/** One process that takes one test file after the other and stops at the first failure: all that a mutant needs. */
export default mergeConfig(base, {
  root: process.cwd(),
  cacheDir: '.vite',
  test: {
    maxWorkers: 1,
    isolate: false,
    fileParallelism: false,
    bail: 1,
    fsModuleCache: true,
    testTimeout: 30_000,
    sequence: { sequencer: LikeliestFirst },
  },
});
