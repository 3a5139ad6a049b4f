import type { Outcome } from '../../workflows/contract/status.js';
import { canonicalText, hashText } from './hash.js';
import type { DecidedPage, World } from './page.js';
import { linesOf } from './relations.js';
import type { Json, Mapped, ProblemDraft, StoredRecord } from './types.js';
import { RESOLVED_MARK } from './writers.js';

/** What a plan says of one source record, exactly enough to tell whether applying decides the same. */
export interface PlannedOutcome {
  externalId: string;
  outcome: Outcome;
  /** Why it was skipped, or failed. */
  reason: string | null;
  /** The record it goes to. One that the plan makes has an id already, and gets it when it is applied. */
  recordId: string | null;
  /** What the record was before, where something is to be written to it: see `stateOf`. */
  before: string | null;
}

/** A source record that applying would decide otherwise than the plan did. */
export interface Drift {
  index: number;
  planned: PlannedOutcome;
  now: PlannedOutcome;
}

/** `world`: what the page was decided against. One for every source record, in order. */
export function plannedOutcomes(decided: DecidedPage, world: Pick<World, 'records'>): PlannedOutcome[] {
  return decided.outcomes.map(({ externalId, outcome, recordId, reason = null }) => {
    const writes = outcome === 'updated' || outcome === 'deleted';
    const record = writes && recordId !== null ? world.records.get(recordId) : undefined;
    return { externalId, outcome, reason, recordId, before: record ? stateOf(record) : null };
  });
}

/**
 * Everything about a record that a merge starts from. Neither its version nor its references, nor which targets its relations have
 * found: those move when other records come to refer to it, and nobody decided about that.
 */
function stateOf(record: StoredRecord): string {
  const { fields, extra, relations, unmapped, writers, archivedAt } = record;
  const lines = linesOf(fields['lines']).map(({ product, ...line }) => ({
    ...line,
    product: product?.externalId ?? null,
  }));
  const named = Object.entries(relations).map(([name, { externalId, recordId }]) => [
    name,
    externalId ?? recordId,
  ]);
  const kept = Object.entries(writers).filter(([name]) => !name.startsWith(RESOLVED_MARK));
  const state = {
    ...{ fields: { ...fields, lines }, extra, relations: Object.fromEntries(named) as Json },
    ...{ unmapped, writers: Object.fromEntries(kept), archived: archivedAt !== null },
  };
  return hashText(canonicalText(state as unknown as Json));
}

/**
 * The digest of everything up to and with this page. Ids that the plan made are left out, because another plan of the same pages
 * makes others.
 */
export function chained(
  before: string,
  outcomes: readonly PlannedOutcome[],
  isOfRun: (recordId: string) => boolean,
): string {
  const told = outcomes.map(({ externalId, outcome, reason, recordId, before: state }) => {
    const target = recordId !== null && isOfRun(recordId) ? '+' : recordId;
    return [externalId, outcome, reason, target, state];
  });
  // Lists of texts: however they are written, the order is theirs.
  return hashText(JSON.stringify([before, told]));
}

/**
 * A page as it was planned. What would be decided otherwise now is left out, and so is whatever changes its decision because of
 * that: each round leaves out at least one more, so this ends.
 */
export function decideAsPlanned(
  mapped: readonly Mapped[],
  planned: readonly PlannedOutcome[],
  world: Pick<World, 'records'>,
  decide: (mapped: readonly Mapped[]) => DecidedPage,
): { decided: DecidedPage; drifts: Drift[] } {
  if (planned.length !== mapped.length)
    throw new Error('The plan of this page is not of its source records.');
  const out = new Map<number, Drift>();
  for (;;) {
    const kept = mapped.flatMap((each, index) => (out.has(index) ? [] : [{ each, index }]));
    const decided = decide(kept.map(({ each }) => each));
    const found = plannedOutcomes(decided, world).flatMap((now, at): Drift[] => {
      const index = kept[at]?.index ?? -1;
      const said = planned[index];
      return said && !isSame(said, now) ? [{ index, planned: said, now }] : [];
    });
    for (const drift of found) out.set(drift.index, drift);
    if (found.length > 0) continue;
    const drifts = [...out.values()].sort((a, b) => a.index - b.index);
    return { decided: leavingOut(decided, mapped, drifts), drifts };
  }
}

function isSame(a: PlannedOutcome, b: PlannedOutcome): boolean {
  return (
    a.outcome === b.outcome && a.reason === b.reason && a.recordId === b.recordId && a.before === b.before
  );
}

/** Each that is left out is fetched and skipped like any other, so that the books close. */
function leavingOut(decided: DecidedPage, mapped: readonly Mapped[], drifts: readonly Drift[]): DecidedPage {
  const { counts } = decided;
  for (const drift of drifts) {
    counts.fetched += 1;
    counts.skipped += 1;
    counts.skippedBy.drifted += 1;
    const { externalId, recordId } = drift.now;
    const reason = 'drifted';
    decided.outcomes.splice(drift.index, 0, { externalId, outcome: 'skipped', recordId, reason });
    const source = mapped[drift.index];
    if (source) decided.problems.push(driftProblem(source, drift));
  }
  return decided;
}

export const DRIFTED = 'plan_drifted';

function driftProblem(source: Mapped, { planned, now }: Drift): ProblemDraft {
  const position = source.ok ? source.record.position : source.position;
  return {
    ...{ severity: 'skipped', code: DRIFTED, externalId: planned.externalId },
    ...(position === null ? {} : { position }),
    value: driftWords({ planned, now }),
    message:
      'The store has changed since the plan was made, so that this record would be decided otherwise now. It was left out: nothing of it was written. Look at the record, and import it again.',
  };
}

export function driftWords({ planned, now }: Pick<Drift, 'planned' | 'now'>): string {
  const said = wordsOf(planned);
  const is = wordsOf(now);
  return said === is ? `${said}, but the record was changed since` : `${said} as planned, ${is} now`;
}

function wordsOf({ outcome, reason }: PlannedOutcome): string {
  return outcome === 'skipped' || outcome === 'failed' ? `${outcome} (${reason ?? ''})` : outcome;
}
