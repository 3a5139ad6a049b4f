import type { Outcome, SkipReason } from '../../workflows/contract/status.js';
import { noCounts } from './types.js';
import type { Counts, OutcomeCounts } from './types.js';

const OUTCOMES: readonly Outcome[] = ['created', 'updated', 'unchanged', 'skipped', 'failed', 'deleted'];
const SKIP_REASONS: readonly SkipReason[] = [
  'repeated',
  'duplicate',
  'linked',
  'stale',
  'out_of_scope',
  'drifted',
];

/** A new sum; neither side is changed. */
export function addCounts(a: Counts, b: Counts): Counts {
  const sum = noCounts();
  sum.fetched = a.fetched + b.fetched;
  for (const outcome of OUTCOMES) sum[outcome] = a[outcome] + b[outcome];
  for (const reason of SKIP_REASONS) sum.skippedBy[reason] = a.skippedBy[reason] + b.skippedBy[reason];
  sum.duplicates = a.duplicates + b.duplicates;
  sum.warnings = a.warnings + b.warnings;
  sum.rows = a.rows + b.rows;
  return sum;
}

export function sumCounts(all: Iterable<Counts>): Counts {
  let sum = noCounts();
  for (const counts of all) sum = addCounts(sum, counts);
  return sum;
}

/** Source records with an outcome. */
export function decidedOf(counts: OutcomeCounts): number {
  return OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}

/** Promise 1: every source record that was fetched has exactly one outcome. */
export function booksClosed(counts: OutcomeCounts): boolean {
  return counts.fetched === decidedOf(counts);
}
