import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ProcessSpec, Running } from './child.js';
import { messageOf, SetupError } from './errors.js';
import { tryLock } from './lock.js';
import type { Lock } from './lock.js';
import { createManaged } from './managed.js';
import type { Managed } from './managed.js';
import { readOwned, replaceFile, writeOwned } from './owned.js';
import { built } from './paths.js';
import { USUAL_PAUSES } from './pauses.js';
import type { PauseRule } from './pauses.js';
import { endOwned, processStamp } from './processes.js';
import type { OwnedProcess } from './processes.js';

export type Supervisor = {
  /**
   * Starts a process and resolves when it is ready; from then on it is started again whenever it ends.
   * @throws SetupError when it ends before it was ready, or is not ready in time; it then does not run
   */
  start(spec: ProcessSpec): Promise<void>;
  /** The process id now; undefined between its end and its next start. */
  pid(name: string): number | undefined;
  /** Sends a signal to the process alone, as `kill` would; false when it does not run. It is started again. */
  kill(name: string, signal: NodeJS.Signals): boolean;
  /** Ends it and keeps it ended until `resume`. */
  halt(name: string, signal?: NodeJS.Signals): Promise<void>;
  resume(name: string): Promise<void>;
  /** Resolves with its new id when the process runs under another id than `than` and is ready. @throws after `withinMs` */
  restarted(name: string, than: number | undefined, withinMs?: number): Promise<number>;
  /** Ends all, the last started first, and lets the home go. `now` forces instead of asking. Safe to repeat. */
  stop(options?: { now?: boolean }): Promise<void>;
};

export type SupervisorDeps = { home: string; say: (line: string) => void; pauses?: PauseRule };

const REAPER = built('local', 'reaper.js');
/** How long a process left behind by a killed supervisor gets for an orderly end. */
const LEFT_BEHIND_GRACE_MS = 20_000;

/**
 * Keeps processes running for one home folder. Their ids are in `run/NAME.pid`, their output in `logs/NAME.log`.
 * Processes that an earlier supervisor of this home left behind are ended first.
 * @throws SetupError when another supervisor works on this home
 */
export async function createSupervisor(deps: SupervisorDeps): Promise<Supervisor> {
  const { home, say } = deps;
  if (!existsSync(REAPER))
    throw new SetupError(`${REAPER} is missing: run npm run build first. Nothing was started.`);
  await mkdir(join(home, 'run'), { recursive: true });
  await mkdir(join(home, 'logs'), { recursive: true });
  const lock = await holdHome(home);
  const left = await endOwned(readOwned(home), LEFT_BEHIND_GRACE_MS);
  if (left.length > 0) say(`Ended what an earlier start had left running: ${left.join(', ')}.`);
  const reaper = startReaper(home);
  const managed = new Map<string, Managed>();
  const owned = new Map<string, OwnedProcess>();

  const pidFile = (name: string): string => join(home, 'run', `${name}.pid`);
  const find = (name: string): Managed => {
    const one = managed.get(name);
    if (!one) throw new SetupError(`There is no process called ${name} here.`);
    return one;
  };

  function changed(name: string, running: Running | undefined): void {
    // The name keeps its place in the map while it is replaced, and so the order of ending.
    if (running) owned.set(name, { name, pid: running.pid, stamp: processStamp(running.pid) ?? '' });
    else owned.set(name, { name, pid: 0, stamp: '' });
    try {
      writeOwned(home, [...owned.values()].filter(({ pid }) => pid > 0).reverse());
      // An ended process keeps its file until the next start replaces it: a reader always finds a number.
      if (running) replaceFile(pidFile(name), `${running.pid}\n`);
    } catch (error) {
      // A full disk must not take down what still runs.
      say(`The process ids in ${join(home, 'run')} could not be updated: ${messageOf(error)}`);
    }
  }

  async function stopAll(now: boolean): Promise<void> {
    for (const name of [...managed.keys()].reverse()) {
      await find(name).halt(now ? 'SIGKILL' : 'SIGTERM');
      await rm(pidFile(name), { force: true });
    }
    await endReaper(reaper);
    await lock.release();
  }
  let stopping: Promise<void> | undefined;

  return {
    async start(spec) {
      if (stopping) throw new SetupError(`${spec.name} was not started: everything is being stopped.`);
      const logFile = join(home, 'logs', `${spec.name}.log`);
      const one = createManaged({
        spec,
        logFile,
        say,
        pauses: deps.pauses ?? USUAL_PAUSES,
        changed: (running) => changed(spec.name, running),
      });
      managed.set(spec.name, one);
      await one.start();
    },
    pid: (name) => find(name).pid(),
    kill: (name, signal) => find(name).kill(signal),
    halt: (name, signal) => find(name).halt(signal),
    resume: (name) => find(name).start(),
    async restarted(name, than, withinMs = 60_000) {
      const deadline = Date.now() + withinMs;
      for (;;) {
        const pid = find(name).pid();
        if (pid !== undefined && pid !== than && find(name).isReady()) return pid;
        if (Date.now() > deadline) throw new SetupError(`${name} was not back within ${withinMs / 1000} s.`);
        await pause(20);
      }
    },
    async stop(options) {
      stopping ??= stopAll(options?.now ?? false);
      // Also hurries a stop that is already under way.
      if (options?.now) await Promise.all([...managed.values()].map((one) => one.halt('SIGKILL')));
      await stopping;
    },
  };
}

async function holdHome(home: string): Promise<Lock> {
  const lock = await tryLock(join(home, 'run', 'supervisor.lock'));
  if ('release' in lock) return lock;
  throw new SetupError(
    `Sluice already runs on ${home} (process ${lock.heldBy.pid}). End that one first, or set SLUICE_HOME to another folder.`,
  );
}

/** Its pipe is closed by the system when this process ends in whatever way; it must not keep this process alive itself. */
function startReaper(home: string): Reaper {
  const reaper = spawnReaper(home);
  reaper.unref();
  if (reaper.stdin instanceof Socket) reaper.stdin.unref();
  return reaper;
}

/** With an empty list it has nothing to do but end; awaited, so that nothing of ours is left when `stop` resolves. */
async function endReaper(reaper: Reaper): Promise<void> {
  if (reaper.exitCode !== null || reaper.signalCode !== null) return;
  reaper.ref();
  const ended = once(reaper, 'exit');
  reaper.stdin.end();
  await ended;
}

type Reaper = ReturnType<typeof spawnReaper>;

function spawnReaper(home: string) {
  return spawn(process.execPath, [REAPER, home, String(LEFT_BEHIND_GRACE_MS)], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
    cwd: home,
  });
}
