import type { Outcome, SkipReason } from '../../workflows/contract/status.js';
import type { DecidedPage } from './page.js';
import type { ProblemDraft } from './types.js';

/** How one source record ended, as one letter. Kept with its page, so the letters never change. */
export type Mark = string;

const OUTCOMES: Readonly<Record<Exclude<Outcome, 'skipped'>, Mark>> = {
  created: 'c',
  updated: 'u',
  unchanged: 'n',
  deleted: 'd',
  failed: 'f',
};
const SKIPS: Readonly<Record<SkipReason, Mark>> = {
  repeated: 'r',
  duplicate: 'p',
  linked: 'l',
  stale: 's',
  out_of_scope: 'o',
  drifted: 'x',
};
const MEANT = new Map<Mark, { outcome: Outcome; reason?: SkipReason }>([
  ...Object.entries(OUTCOMES).map(([outcome, mark]) => [mark, { outcome: outcome as Outcome }] as const),
  ...Object.entries(SKIPS).map(
    ([reason, mark]) => [mark, { outcome: 'skipped', reason: reason as SkipReason }] as const,
  ),
]);

export function markOf({ outcome, reason }: { outcome: Outcome; reason?: string }): Mark {
  if (outcome !== 'skipped') return OUTCOMES[outcome];
  return reason !== undefined && isReason(reason) ? SKIPS[reason] : SKIPS.out_of_scope;
}

function isReason(reason: string): reason is SkipReason {
  return Object.hasOwn(SKIPS, reason);
}

/** Null: not a mark of ours. */
export function meaningOf(mark: Mark): { outcome: Outcome; reason?: SkipReason } | null {
  return MEANT.get(mark) ?? null;
}

/** One letter per source record, in the order of the page. */
function marksOf({ outcomes }: Pick<DecidedPage, 'outcomes'>): string {
  return outcomes.map(markOf).join('');
}

/** What was counted of a record under one heading of the problems. */
export type Said = [
  severity: ProblemDraft['severity'],
  code: string,
  field: string | null,
  value: string | null,
];

/** What was said about one source record: its failed problems by code, page and number there, and what was counted. */
export interface RecordNotes {
  failed: [code: string, seq: number, n: number][];
  counted: Said[];
}

/** Of the records of a page of which something was said; what was only skipped is told by its mark. */
export type PageNotes = [index: number, failed: RecordNotes['failed'], counted: RecordNotes['counted']][];

export function saidOf({ severity, code, field, value }: ProblemDraft): Said {
  return [severity, code, field ?? null, value ?? null];
}

/** The problems of a page by the record that they are about. They were written in the order of the records. */
export function draftsByRecord({
  outcomes,
  problems,
}: Pick<DecidedPage, 'outcomes' | 'problems'>): ReadonlyMap<number, ProblemDraft[]> {
  const found = new Map<number, ProblemDraft[]>();
  let at = 0;
  for (const draft of problems) {
    const next = outcomes.findIndex((each, index) => index >= at && each.externalId === draft.externalId);
    if (next >= 0) at = next;
    const drafts = found.get(at);
    if (drafts) drafts.push(draft);
    else found.set(at, [draft]);
  }
  return found;
}

/** What is kept with a page of fetched source: `seq` is its number, which its single problems are kept under. */
export function keptOf(
  page: Pick<DecidedPage, 'outcomes' | 'problems'>,
  seq: number,
): { marks: string; notes: PageNotes } {
  return { marks: marksOf(page), notes: notesOf(page, seq) };
}

function notesOf(page: Pick<DecidedPage, 'outcomes' | 'problems'>, seq: number): PageNotes {
  const numbers = numbered(page.problems);
  const notes: PageNotes = [];
  for (const [index, drafts] of draftsByRecord(page)) {
    const { failed, counted } = recordNotes(drafts, seq, numbers);
    if (failed.length + counted.length > 0) notes.push([index, failed, counted]);
  }
  return notes;
}

/** Kept one by one: what failed, and what drifted from a plan. */
export function isSingle({ severity, code }: ProblemDraft): boolean {
  return severity === 'failed' || code === 'plan_drifted';
}

/** Single problems are kept by their number among those of their page. */
export function numbered(problems: readonly ProblemDraft[]): ReadonlyMap<ProblemDraft, number> {
  return new Map(problems.filter(isSingle).map((draft, index) => [draft, index]));
}

export function recordNotes(
  drafts: readonly ProblemDraft[],
  seq: number,
  numbers: ReadonlyMap<ProblemDraft, number>,
): RecordNotes {
  const notes: RecordNotes = { failed: [], counted: [] };
  for (const draft of drafts) {
    if (isSingle(draft)) notes.failed.push([draft.code, seq, numbers.get(draft) ?? 0]);
    else if (draft.severity === 'warning') notes.counted.push(saidOf(draft));
  }
  return notes;
}
