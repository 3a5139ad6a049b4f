import type { Database } from './collections.js';

/** How far a migration is, so that one that stopped goes on instead of beginning again. */
export interface Progress {
  /** What was said last, by whichever process; null at the beginning. */
  at: string | null;
  /** Everything up to here is stored. */
  reached(at: string): Promise<void>;
}

/** One step from a schema to the next. Repeatable: it may have stopped midway, or run in two processes at once. */
export interface Migration {
  name: string;
  run(database: Database, progress: Progress): Promise<void>;
}
