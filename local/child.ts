import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { messageOf, SetupError } from './errors.js';

/** What the supervisor runs and keeps running. */
export type ProcessSpec = {
  name: string;
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  /** A real call to the process; true when it answered rightly. Without one, running counts as ready. */
  ready?: () => Promise<boolean>;
  readyWithinMs?: number;
  /** How long an orderly end may take before it is forced. */
  graceMs?: number;
  /** `false`: when it ends it stays ended. */
  restart?: boolean;
};

export type Exit = { code: number | null; signal: NodeJS.Signals | null; ranMs: number };

export type Running = {
  pid: number;
  exited: Promise<Exit>;
  /** How it ended; undefined while it runs. */
  exit(): Exit | undefined;
  /** What it wrote since it started, the last few kilobytes of it. */
  output(): string;
};

const MOST_LOG = 20 * 1024 * 1024;
const MOST_TAIL = 4_096;

/**
 * Starts the process as leader of its own group, its output appended to the log through the file itself: it keeps
 * logging whatever happens to us.
 * @throws SetupError when the program cannot be started at all
 */
export async function spawnChild(spec: ProcessSpec, logFile: string): Promise<Running> {
  const started = Date.now();
  const logFrom = prepareLog(logFile);
  const log = openSync(logFile, 'a', 0o600);
  let child: ChildProcess;
  try {
    child = spawn(spec.command, spec.args, {
      cwd: spec.cwd,
      env: spec.env,
      detached: true,
      stdio: ['ignore', log, log],
    });
  } finally {
    closeSync(log);
  }
  let exit: Exit | undefined;
  const exited = new Promise<Exit>((resolve) => {
    child.once('exit', (code, signal) => {
      exit = { code, signal, ranMs: Date.now() - started };
      resolve(exit);
    });
  });
  const { pid } = child;
  if (pid === undefined) {
    const error = await new Promise<unknown>((resolve) => child.once('error', resolve));
    throw new SetupError(`${spec.name} could not be started: ${messageOf(error)}`);
  }
  return { pid, exited, exit: () => exit, output: () => outputSince(logFile, logFrom) };
}

/** Puts a log that grew too large aside; returns where the new output will begin. */
function prepareLog(file: string): number {
  if (!existsSync(file)) return 0;
  const { size } = statSync(file);
  if (size <= MOST_LOG) return size;
  renameSync(file, `${file}.1`);
  return 0;
}

function outputSince(file: string, from: number): string {
  const log = openSync(file, 'r');
  try {
    const start = Math.max(from, statSync(file).size - MOST_TAIL);
    const buffer = Buffer.alloc(MOST_TAIL);
    return buffer.toString('utf8', 0, readSync(log, buffer, 0, MOST_TAIL, start)).trim();
  } finally {
    closeSync(log);
  }
}

export function describeExit(exit: Exit): string {
  return exit.signal ? `ended by ${exit.signal}` : `ended with code ${exit.code ?? 'unknown'}`;
}
