import { hashText } from '../records/hash.js';
import type { CursorsSeen } from '../store/run-documents.js';

/**
 * Notices that a provider's positions go round, however long the circle and whoever goes on reading: one position is remembered, and a
 * later one after twice as many steps each time (R. P. Brent, 1980). A circle is met after at most about three times round it, and in
 * as little memory as one position takes. Null: this position was met before.
 */
export function seenNext(seen: CursorsSeen | null, cursor: string): CursorsSeen | null {
  const hash = hashText(cursor);
  if (seen === null) return { hash, steps: 0, reach: 1 };
  if (hash === seen.hash) return null;
  const steps = seen.steps + 1;
  return steps < seen.reach ? { ...seen, steps } : { hash, steps: 0, reach: seen.reach * 2 };
}
