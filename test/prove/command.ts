/**
 * A command of the proofs, from its arguments to its status: 0 when all is well, 1 when something was found, 2 with one
 * line and the usage for arguments that cannot be read.
 *
 * @param read gives a text instead of options when that is all that is asked for.
 * @param run whether all is well.
 */
export async function runCommand<Options extends object>(usage: string, read: () => Options | string, run: (options: Options) => Promise<boolean>): Promise<void> {
  let options: Options | string;
  try {
    options = read();
  } catch (error) {
    console.error(`${(error as Error).message}\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (typeof options === 'string') console.log(options);
  else process.exitCode = (await run(options)) ? 0 : 1;
}
