import { setTimeout as pause } from 'node:timers/promises';
import { describeExit } from './child.js';
import type { ProcessSpec, Running } from './child.js';
import { diskFull, saysDiskFull, SetupError } from './errors.js';

const USUAL_MS = 60_000;

/**
 * Resolves when the process answers its own health call.
 * @throws SetupError when it ends first or does not answer in time, with what it said and where its log is
 */
export async function whenReady(spec: ProcessSpec, running: Running, logFile: string): Promise<void> {
  const withinMs = spec.readyWithinMs ?? USUAL_MS;
  const deadline = Date.now() + withinMs;
  for (;;) {
    const exit = running.exit();
    const why = exit && readDeath(spec, running.output(), logFile);
    if (exit && why) throw why;
    if (exit)
      throw new SetupError(`${spec.name} ${describeExit(exit)} while it started. Its log: ${logFile}`);
    if (!spec.ready || (await spec.ready().catch(() => false))) return;
    if (Date.now() > deadline) {
      throw new SetupError(`${spec.name} did not answer within ${withinMs / 1000} s. Its log: ${logFile}`);
    }
    await Promise.race([running.exited, pause(50)]);
  }
}

function readDeath(spec: ProcessSpec, output: string, logFile: string): SetupError | undefined {
  if (saysDiskFull(output)) return diskFull(spec.cwd);
  if (/address already in use|EADDRINUSE|can't bind|port .* (is )?(already )?in use/i.test(output)) {
    return new SetupError(`${spec.name} could not start: another process took its port. Its log: ${logFile}`);
  }
  if (output === '') return undefined;
  return new SetupError(`${spec.name} could not start: ${tellingLine(output)}. Its log: ${logFile}`);
}

/** The line that names the error: the last that speaks of one, else the last; where it happened stays in the log. */
function tellingLine(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^\s+at |^Node\.js v/.test(line));
  return (lines.findLast((line) => /error|fail|must|cannot/i.test(line)) ?? lines.at(-1) ?? '')
    .trim()
    .slice(0, 500);
}
