import type { RunDoc } from '../activities/store/run-documents.js';
import { Problem } from './errors.js';

/** Throws `source_expired`: an empty answer would say that there never was anything. */
export function refuseExpired(run: Pick<RunDoc, 'undoExpired' | 'keepUntil'>): void {
  if (!run.undoExpired) return;
  throw new Problem(
    'source_expired',
    'What this run read and changed, record by record, is no longer kept. Nothing is wrong with its records, and its counts stay. Import again to read the source anew.',
    { keepUntil: run.keepUntil },
  );
}
