import { setTimeout as pause } from 'node:timers/promises';
import { describeExit, spawnChild } from './child.js';
import type { ProcessSpec, Running } from './child.js';
import { messageOf, SetupError } from './errors.js';
import { createPauses } from './pauses.js';
import type { PauseRule } from './pauses.js';
import { signalGroup } from './processes.js';
import { whenReady } from './when-ready.js';

/** One process that is kept running. */
export type Managed = {
  /** Starts it and resolves when it is ready. @throws SetupError when it does not get that far; it then does not run */
  start(): Promise<void>;
  /** Ends it for good, or until the next `start`: asked first, forced after its grace time. */
  halt(signal?: NodeJS.Signals): Promise<void>;
  /** A signal to the process alone, as from `kill`; false when it does not run. */
  kill(signal: NodeJS.Signals): boolean;
  pid(): number | undefined;
  isReady(): boolean;
};

export type ManagedDeps = {
  spec: ProcessSpec;
  logFile: string;
  say: (line: string) => void;
  pauses: PauseRule;
  /** Told of each start and end, before anything else happens. */
  changed: (running: Running | undefined) => void;
};

const USUAL_GRACE_MS = 10_000;

export function createManaged(deps: ManagedDeps): Managed {
  const { spec, logFile, say } = deps;
  let current: Running | undefined;
  let ready = false;
  let halted = new AbortController();
  let starting: Promise<void> = Promise.resolve();
  let keeper: Promise<void> = Promise.resolve();

  async function launch(): Promise<Running> {
    const running = await spawnChild(spec, logFile);
    current = running;
    deps.changed(running);
    return running;
  }

  async function over(running: Running): Promise<void> {
    await running.exited;
    // Its own children would keep ports and files from the next start.
    signalGroup(running.pid, 'SIGKILL');
    ready = false;
    current = undefined;
    deps.changed(undefined);
  }

  /** Starts it again, however often, until it is halted. Never rejects. */
  async function keep(first: Running, signal: AbortSignal): Promise<void> {
    const pauses = createPauses(deps.pauses);
    let running: Running | undefined = first;
    let why = '';
    const isHalted = (): boolean => signal.aborted;
    for (;;) {
      if (running) await over(running);
      if (isHalted()) return;
      const exit = running?.exit();
      if (exit) why = describeExit(exit);
      if (spec.restart === false) {
        say(`${spec.name} ${why}.`);
        return;
      }
      const pauseMs = pauses.next(exit?.ranMs ?? 0);
      say(`${spec.name} ${why}; starting it again in ${pauseMs / 1000} s. Its log: ${logFile}`);
      await pause(pauseMs, undefined, { signal }).catch(() => undefined);
      if (isHalted()) return;
      try {
        running = await launch();
        if (isHalted()) {
          await discard(running);
          return;
        }
        void watch(running);
      } catch (error) {
        running = undefined;
        why = messageOf(error);
      }
    }
  }

  /** For a process that is not, or no longer, wanted. */
  async function discard(running: Running): Promise<void> {
    signalGroup(running.pid, 'SIGKILL');
    await over(running);
  }

  async function watch(running: Running): Promise<void> {
    try {
      await whenReady(spec, running, logFile);
      ready = current === running;
    } catch (error) {
      // An end is told by the loop that starts it again; a process that only does not answer is told here.
      if (!running.exit()) say(messageOf(error));
    }
  }

  async function begin(signal: AbortSignal): Promise<void> {
    const running = await launch();
    try {
      await whenReady(spec, running, logFile);
    } catch (error) {
      await discard(running);
      throw error;
    }
    ready = true;
    keeper = keep(running, signal);
  }

  return {
    async start() {
      if (current) throw new SetupError(`${spec.name} already runs (process ${current.pid}).`);
      halted = new AbortController();
      starting = begin(halted.signal);
      await starting;
    },
    async halt(signal = 'SIGTERM') {
      halted.abort();
      const running = current;
      if (running) {
        signalGroup(running.pid, signal);
        const force = setTimeout(() => signalGroup(running.pid, 'SIGKILL'), spec.graceMs ?? USUAL_GRACE_MS);
        await running.exited;
        clearTimeout(force);
      }
      // What is recorded of it is settled only when these are.
      await starting.catch(() => undefined);
      await keeper;
    },
    kill(signal) {
      if (!current || current.exit()) return false;
      process.kill(current.pid, signal);
      return true;
    },
    pid: () => current?.pid,
    isReady: () => ready,
  };
}
