import { compareTimes, isNoRelation, sameRelation, sameValue } from './same.js';
import type { EditPolicy, FieldValue, Policies, Relation, Writer } from './types.js';
import { readWriter } from './writers.js';
import type { ObjectName } from '../../workflows/contract/objects.js';

/** Who merges: this run's app, its source record's time, and the rules that decide between two who both moved. */
export interface Merger {
  appId: string;
  /** This app, and the app whose links it took over: what they wrote is ours. */
  ownApps: ReadonlySet<string>;
  modifiedAt: string | null;
  priority: number;
  /** Another app's priority; 0 where nobody said. */
  priorityOf: (appId: string) => number;
}

/** One field as three-way merging sees it. `applied` is absent where the source never said anything about it. */
export interface Sides<Value> {
  source: Value | null;
  applied: Value | null | undefined;
  /** Whether the store took `applied` from this app. */
  ours: boolean;
  current: Value | null;
  writer: Writer | null;
  /** The record was not this app's until now. */
  firstTie: boolean;
  edits: EditPolicy;
}

/** `take`: the field becomes the source's value. `applied` always becomes the source's value, `ours` as it says here. */
export interface Verdict {
  take: boolean;
  ours: boolean;
  /** A person's edit stayed against a source that moved. */
  editKept: boolean;
}

const STAYS_OURS: Verdict = { take: false, ours: true, editKept: false };
const STAYS: Verdict = { take: false, ours: false, editKept: false };
const KEPT: Verdict = { take: false, ours: false, editKept: true };
const TAKEN: Verdict = { take: true, ours: true, editKept: false };

interface Facts {
  sourceIsApplied: boolean;
  currentIsApplied: boolean;
  sourceIsCurrent: boolean;
  currentIsEmpty: boolean;
}

export function mergeField(sides: Sides<FieldValue>, merger: Merger): Verdict {
  const { source, applied, current } = sides;
  return decide(sides, merger, {
    sourceIsApplied: applied !== undefined && sameValue(source, applied),
    currentIsApplied: applied !== undefined && sameValue(current, applied),
    sourceIsCurrent: sameValue(source, current),
    currentIsEmpty: sameValue(current, null),
  });
}

/**
 * A relation merges by the external id that names it, which means something only beside the app that said it: of another
 * app's relation (or a person's) only the record it points to can be compared. `target` is the source's, where it is here.
 */
export function mergeRelation(
  sides: Omit<Sides<string>, 'current'> & { current: Relation | null; target: string | null },
  merger: Merger,
): Verdict {
  const { source, applied, current, target } = sides;
  const empty = isNoRelation(current);
  const writer = sides.writer === null ? null : readWriter(sides.writer);
  const own = writer?.kind === 'run' && merger.ownApps.has(writer.appId);
  const pointsThere = target !== null && current?.recordId === target;
  return decide(sides, merger, {
    sourceIsApplied: applied !== undefined && source === applied,
    currentIsApplied:
      applied !== undefined &&
      (applied === null ? empty : own && sameRelation(current, { externalId: applied, recordId: null })),
    sourceIsCurrent: source === null ? empty : pointsThere || (own && current?.externalId === source),
    currentIsEmpty: empty,
  });
}

/** The table of data.md §3, row by row. */
function decide(
  sides: Pick<Sides<unknown>, 'applied' | 'ours' | 'writer' | 'firstTie' | 'edits'>,
  merger: Merger,
  facts: Facts,
): Verdict {
  if (facts.sourceIsApplied) return sides.ours ? STAYS_OURS : STAYS;
  if (sides.applied === undefined) return firstWord(sides, merger, facts);
  if (facts.currentIsApplied && sides.ours) return TAKEN;
  if (facts.sourceIsCurrent) return STAYS;
  return bothMoved(sides, merger);
}

/** The source says something about this field for the first time: at a tie, or because a column was mapped later. */
function firstWord(
  sides: Pick<Sides<unknown>, 'writer' | 'firstTie' | 'edits'>,
  merger: Merger,
  facts: Facts,
): Verdict {
  if (facts.currentIsEmpty) return facts.sourceIsCurrent ? STAYS_OURS : TAKEN;
  const writer = sides.writer === null ? null : readWriter(sides.writer);
  const own = !sides.firstTie && writer?.kind === 'run' && merger.ownApps.has(writer.appId);
  // What this app itself put there without being told (a status nobody mapped) gives way to what its source says.
  if (facts.sourceIsCurrent) return own ? STAYS_OURS : STAYS;
  if (own || sides.edits === 'overwrite') return TAKEN;
  return writer?.kind === 'person' && !sides.firstTie ? KEPT : STAYS;
}

function bothMoved(sides: Pick<Sides<unknown>, 'writer' | 'edits'>, merger: Merger): Verdict {
  const writer = sides.writer === null ? null : readWriter(sides.writer);
  if (writer?.kind === 'person') return sides.edits === 'overwrite' ? TAKEN : KEPT;
  const theirs = writer?.modifiedAt ?? null;
  if (theirs !== null && merger.modifiedAt !== null) {
    const order = compareTimes(merger.modifiedAt, theirs);
    if (order !== 0) return order > 0 ? TAKEN : STAYS;
  }
  const other =
    writer === null || merger.ownApps.has(writer.appId) ? merger.priority : merger.priorityOf(writer.appId);
  // Equal priorities: the later run, which is this one.
  return merger.priority >= other ? TAKEN : STAYS;
}

/** `keep` unless the policies say `overwrite` for everything, for the object, or for this field of it. */
export function editPolicyOf(policies: Policies, object: ObjectName, field: string): EditPolicy {
  const { edits } = policies;
  if (typeof edits === 'string') return edits;
  const forObject = edits[object];
  if (forObject === undefined || typeof forObject === 'string') return forObject ?? 'keep';
  return forObject[field] ?? 'keep';
}
