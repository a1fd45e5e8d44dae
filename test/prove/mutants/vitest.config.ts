import { mergeConfig } from 'vitest/config';
import { BaseSequencer, type TestSpecification } from 'vitest/node';
import base from '../../../vitest.config.ts';

/** The files of the command line, in their order: the quickest to notice something come first. */
const wanted = process.argv.filter((argument) => /^(src|test)\//.test(argument));

class GivenOrder extends BaseSequencer {
  override async sort(specifications: TestSpecification[]): Promise<TestSpecification[]> {
    const place = ({ moduleId }: TestSpecification): number => wanted.findIndex((file) => moduleId.includes(`/${file}`));
    return specifications.toSorted((a, b) => place(a) - place(b));
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
    sequence: { sequencer: GivenOrder },
  },
});
