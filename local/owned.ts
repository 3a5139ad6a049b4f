import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import type { OwnedProcess } from './processes.js';

/** The file under `run/` that lists what a supervisor started and has not ended, in the order in which it is to be ended. */
export function ownedFile(home: string): string {
  return join(home, 'run', 'owned.json');
}

/**
 * Written at once after each start, before anything else happens, and synchronously: whatever kills the supervisor,
 * the list on disk names its processes.
 */
export function writeOwned(home: string, owned: OwnedProcess[]): void {
  replaceFile(ownedFile(home), JSON.stringify(owned));
}

const schema = z.array(z.object({ name: z.string(), pid: z.number().int().positive(), stamp: z.string() }));

/** Nothing, when the file is missing or was not written by us. */
export function readOwned(home: string): OwnedProcess[] {
  try {
    return schema.parse(JSON.parse(readFileSync(ownedFile(home), 'utf8')));
  } catch {
    return [];
  }
}

/** Readers see the old content or the new, never half of it. */
export function replaceFile(file: string, content: string): void {
  writeFileSync(`${file}.new`, content);
  renameSync(`${file}.new`, file);
}
