import { execFile } from 'node:child_process';
import { readFile, readlink } from 'node:fs/promises';
import { promisify } from 'node:util';

/** What tells one process from a later one that was given the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Start of the process, in a form that is only good for comparing. */
  readonly birth: string;
  /** Where the process works; undefined when the system does not tell. A PostgreSQL server works in its data directory. */
  readonly workingDirectory: string | undefined;
}

const run = promisify(execFile);

const identifyOnLinux = async (pid: number): Promise<ProcessIdentity | undefined> => {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => undefined);
  if (stat === undefined) return undefined;
  // The second field is the program's name in brackets and may hold spaces; the fixed fields follow its last bracket.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [state, startTicks] = [fields[0], fields[19]];
  // A zombie has ended; only its number is still taken.
  if (state === 'Z' || state === 'X') return undefined;
  const boot = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  const workingDirectory = await readlink(`/proc/${pid}/cwd`).catch(() => undefined);
  return { pid, birth: `${boot.trim()}/${startTicks}`, workingDirectory };
};

const identifyByPs = async (pid: number): Promise<ProcessIdentity | undefined> => {
  const { stdout } = await run('ps', ['-o', 'state=,lstart=,command=', '-p', String(pid)]).catch(() => ({ stdout: '' }));
  const line = stdout.trim();
  if (line === '' || line.startsWith('Z')) return undefined;
  const birth = line.replace(/^\S+\s+/, '').slice(0, 24);
  return { pid, birth, workingDirectory: /\s-D\s+(\S+)/.exec(line)?.[1] };
};

/** The living process of that number, or undefined when there is none; a zombie is none. */
export const identifyProcess = async (pid: number): Promise<ProcessIdentity | undefined> =>
  process.platform === 'linux' ? identifyOnLinux(pid) : identifyByPs(pid);
