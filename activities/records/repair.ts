import type { SkipReason } from '../../workflows/contract/status.js';
import {
  draftsByRecord,
  markOf,
  meaningOf,
  numbered,
  recordNotes,
  type Mark,
  type RecordNotes,
  type Said,
} from './outcome-marks.js';
import type { DecidedPage, DuplicateFound } from './page.js';
import { noCounts, type Counts, type Policies, type ProblemDraft } from './types.js';

/** One source record of the run that is to be decided again: where it is kept, and what became of it so far. */
export interface Picked {
  seq: number;
  index: number;
  externalId: string;
  before: Mark;
  notes: RecordNotes;
}

export interface Chosen {
  code: string | null;
  externalIds: ReadonlySet<string> | null;
}

const NOTHING_SAID: RecordNotes = { failed: [], counted: [] };

/** What the rules of today change about records that did not fail. */
export interface RulesChanged {
  /** How known records are merged: every one that was taken may end otherwise. */
  merging: boolean;
  /** What is done with likely duplicates, and with records this app brought before. */
  duplicates: boolean;
  linked: boolean;
}

export function rulesChanged(before: Policies, now: Policies): RulesChanged {
  const differ = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);
  return {
    merging: differ(before.edits, now.edits) || before.priority !== now.priority,
    duplicates: differ(before.existing, now.existing) || before.sameApp !== now.sameApp,
    linked: before.linked !== now.linked,
  };
}

/**
 * Is this source record meant? By id: whatever it was. By code: of which it was said. By neither: what failed, and what the rules of
 * today may decide otherwise. A repeat is never meant: the first of its id is, and speaks for it.
 */
export function isMeant(
  chosen: Chosen,
  record: { externalId: string; mark: Mark; notes: RecordNotes | undefined; decided: boolean },
): 'yes' | 'no' | 'if_changed' {
  const { mark, notes = NOTHING_SAID } = record;
  if (mark === 'r' || mark === 'd' || mark === 'o' || mark === '') return 'no';
  const { externalIds, code } = chosen;
  if (externalIds && !externalIds.has(record.externalId)) return 'no';
  if (code !== null) return wasSaid(code, record, notes) ? 'yes' : 'no';
  if (externalIds || mark === 'f' || record.decided) return 'yes';
  return 'if_changed';
}

function wasSaid(
  code: string,
  { mark, decided }: { mark: Mark; decided: boolean },
  notes: RecordNotes,
): boolean {
  if (meaningOf(mark)?.reason === code) return true;
  if (code === 'duplicate' && decided) return true;
  return notes.failed.some(([said]) => said === code) || notes.counted.some(([, said]) => said === code);
}

/** Of a record that did not fail: would the rules of today say anything else? */
export function mayEndOtherwise(mark: Mark, changed: RulesChanged, mappedOtherwise: () => boolean): boolean {
  const reason = meaningOf(mark)?.reason;
  if (reason === 'duplicate') return changed.duplicates || mappedOtherwise();
  if (reason === 'linked') return changed.linked;
  if (reason === 'drifted') return true;
  if (reason !== undefined) return false;
  return changed.merging || mappedOtherwise();
}

export interface RepairedRecord {
  picked: Picked;
  after: Mark;
  notes: RecordNotes;
}

/** What deciding a page of kept source again means for the books: nothing is counted twice, only moved. */
export interface RepairMoves {
  moved: Counts;
  records: RepairedRecord[];
  /** To be written; failed ones numbered as they stand here. */
  problems: ProblemDraft[];
  /** Failed problems that are settled, and those that others take the place of. */
  settled: { seq: number; n: number }[];
  replaced: { seq: number; n: number }[];
  /** Headings under which one record fewer counts. */
  uncounted: Said[];
  duplicates: DuplicateFound[];
  numbers: RepairNumbers;
}

export interface RepairNumbers {
  /** Records that had failed or were left out and are in the store now. */
  repaired: number;
  /** Records that were in the store and changed. */
  changed: number;
  /** Records that fail still (or again). */
  stillFailed: number;
}

/** Pure. `picked` and the page's outcomes are of the same records in the same order; `seq` is the repair's own page. */
export function movesOf(
  picked: readonly Picked[],
  decided: DecidedPage,
  seq: number,
  knownDuplicates: ReadonlySet<string>,
): RepairMoves {
  const moves: RepairMoves = {
    ...{ moved: noCounts(), records: [], problems: [], settled: [], replaced: [], uncounted: [] },
    duplicates: decided.duplicates.filter(({ externalId }) => !knownDuplicates.has(externalId)),
    numbers: { repaired: 0, changed: 0, stillFailed: 0 },
  };
  const drafts = draftsByRecord(decided);
  const merged = new Set(decided.journal.map(({ externalId }) => externalId));
  const kept: { one: Picked; after: Mark; drafts: readonly ProblemDraft[]; replaces: boolean }[] = [];
  picked.forEach((one, index) => {
    const outcome = decided.outcomes[index];
    if (!outcome) return;
    const untouched = outcome.outcome === 'unchanged' && !merged.has(one.externalId);
    const verdict = verdictOf(one.before, markOf(outcome), outcome.outcome, untouched);
    count(moves.numbers, one.before, verdict, outcome.outcome);
    move(moves.moved, one.before, verdict.after);
    const said = drafts.get(index) ?? [];
    const own = verdict.stays ? keptWords(one, said) : said;
    kept.push({ one, after: verdict.after, drafts: own, replaces: !verdict.stays });
    moves.problems.push(...own);
  });
  const numbers = numbered(moves.problems);
  for (const { one, after, drafts: own, replaces } of kept) {
    const fresh = recordNotes(own, seq, numbers);
    if (replaces) settle(moves, one, after);
    const notes = replaces ? fresh : joined(one.notes, fresh);
    moves.moved.warnings += notes.counted.length - one.notes.counted.length;
    moves.records.push({ picked: one, after, notes });
  }
  moves.moved.duplicates = moves.duplicates.length;
  return moves;
}

interface Verdict {
  after: Mark;
  /** What was done before stands, and so does what was said about it. */
  stays: boolean;
}

const TAKEN: ReadonlySet<Mark> = new Set(['c', 'u', 'n']);

/** What was created in this run stays `created` however often it changes; nothing that is in the store becomes failed or skipped. */
function verdictOf(before: Mark, now: Mark, outcome: string, untouched: boolean): Verdict {
  if (!TAKEN.has(before)) return { after: now, stays: false };
  // The same source under the same rules was not looked at again, so nothing that was said of it is settled.
  if (untouched || outcome === 'failed' || outcome === 'skipped') return { after: before, stays: true };
  const after = before === 'n' && now !== 'n' ? now : before;
  return { after, stays: false };
}

function count(numbers: RepairNumbers, before: Mark, { after, stays }: Verdict, outcome: string): void {
  if (after === 'f') numbers.stillFailed += 1;
  else if (stays) return;
  else if (!TAKEN.has(before)) numbers.repaired += TAKEN.has(after) ? 1 : 0;
  else if (outcome !== 'unchanged') numbers.changed += 1;
}

/** What is in the store and cannot be mapped any more stays as it is, with a word about it. */
function keptWords(one: Picked, drafts: readonly ProblemDraft[]): ProblemDraft[] {
  const failed = drafts.find(({ severity }) => severity === 'failed');
  if (!failed || one.notes.counted.some(([, code]) => code === 'repair_failed')) return [];
  const { externalId, position, message } = failed;
  return [
    {
      ...{ severity: 'warning', code: 'repair_failed' },
      ...(externalId === undefined ? {} : { externalId }),
      ...(position === undefined ? {} : { position }),
      message: `With the mapping of today this record fails, so it was left as it is. ${message}`,
    },
  ];
}

function joined(before: RecordNotes, fresh: RecordNotes): RecordNotes {
  return { failed: before.failed, counted: [...before.counted, ...fresh.counted] };
}

function settle(moves: RepairMoves, { before, notes }: Picked, after: Mark): void {
  const problems = notes.failed.map(([, seq, n]) => ({ seq, n }));
  if (after === 'f') moves.replaced.push(...problems);
  else moves.settled.push(...problems);
  moves.uncounted.push(...notes.counted);
  const reason = meaningOf(before)?.reason;
  if (reason !== undefined && reason !== 'drifted') moves.uncounted.push(['skipped', reason, null, null]);
}

export function move(counts: Counts, before: Mark, after: Mark): void {
  if (before === after) return;
  add(counts, before, -1);
  add(counts, after, 1);
}

function add(counts: Counts, mark: Mark, by: number): void {
  const meaning = meaningOf(mark);
  if (!meaning) return;
  counts[meaning.outcome] += by;
  const { reason } = meaning;
  if (reason !== undefined) addReason(counts, reason, by);
}

function addReason({ skippedBy }: Counts, reason: SkipReason, by: number): void {
  skippedBy[reason] += by;
}
