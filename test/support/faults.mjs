import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/**
 * What the fault programs (fault-worker.mjs, fault-api.mjs) do when they come to a point of the plan in the file that
 * SLUICE_FAULTS names: a list of `{ op, when, seq?, pidFile? }`. The point is taken off the plan, then the process whose id is in
 * that file, or this one, is killed. Each point strikes once, also over restarts.
 */
const file = process.env['SLUICE_FAULTS'];

/** @returns {{ op: string, when: string, seq?: number, pidFile?: string }[]} */
function plan() {
  try {
    return file ? JSON.parse(readFileSync(file, 'utf8')) : [];
  } catch {
    return [];
  }
}

/** @param {(point: { op: string, when: string, seq?: number }) => boolean} isHere */
export function strike(isHere) {
  const points = plan();
  const point = points.find(isHere);
  if (!point || !file) return;
  writeFileSync(`${file}.${process.pid}`, JSON.stringify(points.filter((each) => each !== point)));
  renameSync(`${file}.${process.pid}`, file);
  const pid = point.pidFile ? Number(readFileSync(point.pidFile, 'utf8')) : process.pid;
  process.kill(pid, 'SIGKILL');
  untilGone(pid);
}

/** Holds everything here until the killed process answers no more; a zombie still counts as one that answers. */
function untilGone(pid) {
  const wait = new Int32Array(new SharedArrayBuffer(4));
  for (let looks = 0; looks < 100; looks += 1) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    Atomics.wait(wait, 0, 0, 10);
  }
}
