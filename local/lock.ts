import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, stat, unlink, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { codeOf } from './errors.js';
import { isRunning, processStamp } from './processes.js';

export type Holder = { pid: number; stamp: string };
export type Lock = { release(): Promise<void> };

/**
 * Takes a lock file that names this process, or tells who holds it. A lock whose holder no longer runs (ended by
 * `kill -9`, or by a power cut) is taken over.
 */
export async function tryLock(file: string): Promise<Lock | { heldBy: Holder }> {
  await mkdir(dirname(file), { recursive: true });
  for (;;) {
    if (await place(file)) return { release: () => rm(file, { force: true }) };
    const holder = await readHolder(file);
    if (holder && isRunning(holder)) return { heldBy: holder };
    await removeStale(file);
  }
}

/** Like `tryLock`, but waits for the holder; `onWait` is told once. */
export async function waitForLock(file: string, onWait: (holder: Holder) => void): Promise<Lock> {
  for (let told = false; ; told = true) {
    const lock = await tryLock(file);
    if ('release' in lock) return lock;
    if (!told) onWait(lock.heldBy);
    await pause(200);
  }
}

/** A link appears with its whole content or not at all, so nobody reads half a lock. */
async function place(file: string): Promise<boolean> {
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, JSON.stringify({ pid: process.pid, stamp: processStamp(process.pid) }), {
    mode: 0o600,
  });
  try {
    await link(own, file);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await unlink(own);
  }
}

/** Under a guard, and looked at once more: of two that find the same stale lock, the slower must not remove the faster one's new lock. */
async function removeStale(file: string): Promise<void> {
  const guard = `${file}.takeover`;
  try {
    await mkdir(guard);
  } catch {
    const age =
      Date.now() -
      (await stat(guard).then(
        (s) => s.mtimeMs,
        () => Date.now(),
      ));
    if (age > 10_000) await rm(guard, { recursive: true, force: true });
    await pause(20);
    return;
  }
  try {
    const holder = await readHolder(file);
    if (!holder || !isRunning(holder)) await rm(file, { force: true });
  } finally {
    await rm(guard, { recursive: true, force: true });
  }
}

async function readHolder(file: string): Promise<Holder | undefined> {
  try {
    const held: unknown = JSON.parse(await readFile(file, 'utf8'));
    if (typeof held !== 'object' || held === null || !('pid' in held) || !('stamp' in held)) return undefined;
    if (typeof held.pid !== 'number' || typeof held.stamp !== 'string') return undefined;
    return { pid: held.pid, stamp: held.stamp };
  } catch {
    return undefined;
  }
}
