import { stringify } from 'lossless-json';
import { commit, findProducts, findTarget, newLink, saidOf } from './create.js';
import { keysOf } from './keys.js';
import { MAX_EXTRA_KEYS } from './limits.js';
import { mergeField, mergeRelation } from './merge.js';
import { beginMerge, dropMark, editKept, settle, sidesOf, take, writerNow } from './merging.js';
import type { Merge } from './merging.js';
import { put } from './put.js';
import { linesOf, lineField, relationNames, targetObjectOf } from './relations.js';
import { sameJson, sameValue } from './same.js';
import type { FieldValue, Json, MappedRecord, ProblemDraft, StoredLink, StoredRecord } from './types.js';
import type { WorkingWorld } from './world.js';
import { isByPerson, resolvedMark, RESOLVED_MARK, setWriter, writerOf } from './writers.js';

export interface Merged {
  outcome: 'updated' | 'unchanged';
  warnings: ProblemDraft[];
}

/**
 * Merges what a source says into a record that is there, by its link (or, at a tie, without one: then a link is made). Writes the
 * record only if something about it changes; the link always, because what the source said last is what the next merge starts from.
 */
export function mergeInto(
  work: WorkingWorld,
  source: MappedRecord,
  before: StoredRecord,
  link: StoredLink | null,
): Merged {
  const merge = beginMerge(work, source, before, link);
  for (const field in source.fields) mergeOneField(merge, field);
  for (const field in source.relations) mergeOneRelation(merge, field);
  mergeExtra(merge);
  bringBack(merge);
  const changed = merge.changes.length > 0 || link === null;
  const after = newLink(work, source, before.recordId, merge.applied, [...merge.notOurs]);
  after.modifiedAt ??= link?.modifiedAt ?? null;
  const versionBefore = before.version;
  const versionAfter = changed ? write(merge).version : versionBefore;
  work.putLink(after);
  commit(work, merge.effects);
  const outcome = changed ? 'updated' : 'unchanged';
  work.journal({
    recordId: before.recordId,
    externalId: source.externalId,
    object: before.object,
    outcome,
    versionBefore,
    versionAfter,
    fields: merge.changes,
    linkBefore: link,
    linkAfter: after,
    bumps: merge.effects.bumps,
    pendingAdded: merge.effects.pending,
  });
  return { outcome, warnings: merge.warnings };
}

function mergeOneField(merge: Merge, field: string): void {
  const { before, source } = merge;
  const value = saidOf(before.object, field, source.fields[field] ?? null);
  const current = before.fields[field] ?? null;
  const sides = sidesOf(merge, field, field, value, current);
  const verdict = mergeField(sides, merge.merger);
  if (verdict.take && !sameValue(current, value)) {
    if (field === 'lines') takeLines(merge, value);
    else take(merge, field, current, value, (draft) => put(draft.fields, field, value));
  }
  settle(merge, field, field, value, verdict);
  if (field === 'owner' || field === 'status') {
    // The original stays beside a field only as long as the field is what this source made of it.
    const holds = verdict.ours && (verdict.take || sameValue(current, value));
    if (holds) mergeUnmapped(merge, field);
  }
}

function mergeOneRelation(merge: Merge, field: string): void {
  const { before, source, work } = merge;
  const name = `@${field}`;
  const externalId = source.relations[field] ?? null;
  const current = before.relations[field] ?? null;
  const target = externalId === null ? null : work.target(targetObjectOf(before.object, field), externalId);
  const sides = sidesOf(merge, name, field, externalId, null);
  const appliedText = typeof sides.applied === 'string' ? sides.applied : null;
  const verdict = mergeRelation(
    {
      ...sides,
      source: externalId,
      applied: sides.applied === undefined ? undefined : appliedText,
      current,
      target,
    },
    merge.merger,
  );
  if (verdict.take) {
    if (current?.recordId) merge.effects.bumps.push({ recordId: current.recordId, by: -1 });
    const relation = externalId === null ? null : findTarget(work, before, field, externalId, merge.effects);
    take(merge, name, current, relation, (draft) => {
      put(draft.relations, field, relation);
    });
    work.stopWaiting(before.recordId, field);
    dropMark(merge, resolvedMark(field));
  }
  settle(merge, name, field, externalId, verdict);
}

function takeLines(merge: Merge, value: FieldValue | null): void {
  const { before, work, effects } = merge;
  const current = before.fields['lines'] ?? null;
  linesOf(current).forEach((line, n) => {
    if (line.product?.recordId) effects.bumps.push({ recordId: line.product.recordId, by: -1 });
    work.stopWaiting(before.recordId, lineField(n));
  });
  const lines = value === null ? null : findProducts(work, before, linesOf(value), effects);
  take(merge, 'lines', current, lines, (draft) => put<FieldValue>(draft.fields, 'lines', lines));
  for (const mark in before.writers) if (mark.startsWith(`${RESOLVED_MARK}lines:`)) dropMark(merge, mark);
}

/** The original of an owner or status that no mapping knows. A change of it is a change of its field. */
function mergeUnmapped(merge: Merge, field: 'owner' | 'status'): void {
  const before = merge.before.unmapped[field] ?? null;
  const after = merge.source.unmapped[field] ?? null;
  if (before === after) return;
  merge.changes.push({
    field: `#unmapped.${field}`,
    before,
    after,
    writerBefore: writerOf(merge.before, field),
  });
  merge.edits.push((draft) => {
    draft.unmapped = { ...draft.unmapped };
    put(draft.unmapped, field, after);
    setWriter(draft.writers, field, writerNow(merge));
  });
}

/** Kept beside the fields: the last source to say something of a key wins, at a first tie only what is not there is added. */
function mergeExtra(merge: Merge): void {
  const { before, source } = merge;
  let room = MAX_EXTRA_KEYS - Object.keys(before.extra).length;
  const writerBefore = writerOf(before, '#extra');
  const taken: Record<string, Json> = {};
  for (const key in source.extra) {
    const after = source.extra[key];
    const known = Object.hasOwn(before.extra, key);
    if (after === undefined || (known && (merge.link === null || sameJson(before.extra[key], after))))
      continue;
    if (!known && room-- <= 0) continue;
    const current = known ? { json: stringify(before.extra[key]) ?? 'null' } : null;
    merge.changes.push({
      field: `#extra.${key}`,
      before: current,
      after: { json: stringify(after) ?? 'null' },
      writerBefore,
    });
    taken[key] = after;
  }
  if (Object.keys(taken).length === 0) return;
  merge.edits.push((draft) => {
    draft.extra = { ...draft.extra, ...taken };
    setWriter(draft.writers, '#extra', writerNow(merge));
  });
}

/** A record that a sync archived comes back with its source; one that a person archived stays so. */
function bringBack(merge: Merge): void {
  const { archivedAt, archivedBy } = merge.before;
  if (archivedAt === null) return;
  if (isByPerson(archivedBy)) {
    merge.warnings.push(editKept(merge, 'archived', null, archivedBy));
    return;
  }
  merge.changes.push({ field: '#archivedAt', before: archivedAt, after: null, writerBefore: archivedBy });
  merge.edits.push((draft) => {
    draft.archivedAt = null;
    draft.archivedBy = writerNow(merge);
  });
}

function write(merge: Merge): StoredRecord {
  const { work, before } = merge;
  const draft = work.edit(before.recordId);
  for (const edit of merge.edits) edit(draft);
  draft.updatedAt = work.context.now;
  const keys = keysOf(draft.object, draft.fields, relationNames(draft.relations));
  draft.keys = keys.keys;
  draft.weakKeys = keys.weakKeys;
  work.index(draft);
  return draft;
}
