import type { SourcePage } from '../providers/provider.js';
import type { SourceRecord } from '../records/types.js';
import type { CursorsSeen } from '../store/run-documents.js';
import { cutIntoPages } from './cut.js';

/** Pages that may wait for the transaction before them: bounds memory beside a fast provider. */
const MOST_WAITING = 8;

/** What goes into one transaction: the pages of one or more answers, and the position after the last of them. */
export interface Batch {
  pages: SourceRecord[][];
  next: string | null;
  bookmark: string | null;
  complete: boolean;
  /** As of `next`. */
  seen: CursorsSeen | null;
}

/**
 * Stages answers while the next ones are read. An answer goes in at once when nothing is being staged; what arrives meanwhile
 * goes in together, so that a fast provider does not wait for a disk once per page, and a slow one loses no time.
 */
export interface Stager {
  /** Waits only while too much is waiting. Throws what staging threw. */
  add(answer: SourcePage, seen: CursorsSeen | null): Promise<void>;
  /** Until everything that was added is staged. */
  drain(): Promise<void>;
}

export function createStager(now: () => Date, stage: (batch: Batch) => Promise<void>): Stager {
  let waiting: Batch | null = null;
  let running: Promise<void> | null = null;
  let failed: { error: unknown } | null = null;

  async function run(): Promise<void> {
    try {
      for (let batch = waiting; batch; batch = waiting) {
        waiting = null;
        await stage(batch);
      }
    } catch (error) {
      failed = { error };
    } finally {
      running = null;
    }
  }

  return {
    async add(answer, seen) {
      if (waiting && waiting.pages.length >= MOST_WAITING) await running;
      if (failed) throw failed.error;
      waiting = {
        pages: [...(waiting?.pages ?? []), ...cutIntoPages(answer.records, now())],
        next: answer.next ?? null,
        bookmark: answer.bookmark ?? null,
        complete: answer.complete ?? false,
        seen,
      };
      running ??= run();
    },
    async drain() {
      await running;
      if (failed) throw failed.error;
    },
  };
}
