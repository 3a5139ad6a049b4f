import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from './errors.js';

/** A process that we started; `stamp` is when it began, so that a reused process id is never taken for it. */
export type OwnedProcess = { name: string; pid: number; stamp: string };

/** When this process began, in the system's own words; undefined when it does not run (or has ended and was not yet collected). */
export function processStamp(pid: number): string | undefined {
  if (process.platform !== 'linux') return stampFromPs(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in brackets and may hold spaces; what follows it does not.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [state] = fields;
    const started = fields[19];
    if (state === 'Z' || state === 'X' || started === undefined) return undefined;
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${started}`;
  } catch {
    return undefined;
  }
}

function stampFromPs(pid: number): string | undefined {
  try {
    const line = execFileSync('ps', ['-o', 'stat=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

export function isRunning(owned: { pid: number; stamp: string }): boolean {
  return processStamp(owned.pid) === owned.stamp;
}

/** Signals the group that the process leads, so that its own children go with it; a group already gone is no error. */
export function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: nobody is left. EPERM: some systems say this of a group in which all have ended.
    if (!['ESRCH', 'EPERM'].includes(codeOf(error) ?? '')) throw error;
  }
}

/**
 * Ends processes that an earlier supervisor left behind, in the order given: asked first, forced after `graceMs`.
 * Only those that still are the ones recorded are touched, so repeating it is safe.
 * @returns the names of those that were still running.
 */
export async function endOwned(owned: OwnedProcess[], graceMs: number): Promise<string[]> {
  const ended: string[] = [];
  for (const one of owned) {
    if (!isRunning(one)) continue;
    ended.push(one.name);
    signalGroup(one.pid, 'SIGTERM');
    const deadline = Date.now() + graceMs;
    while (isRunning(one) && Date.now() < deadline) await pause(25);
    if (isRunning(one)) signalGroup(one.pid, 'SIGKILL');
    while (isRunning(one)) await pause(10);
  }
  return ended;
}
