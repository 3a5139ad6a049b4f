import { keysOf } from './keys.js';
import type { JournalEntry } from './page.js';
import { put } from './put.js';
import { lineField, linesOf, putRelation, relationAt, relationNames, waitingFor } from './relations.js';
import type { FieldValue, Line, StoredRecord } from './types.js';
import type { KeptChange } from './undo-types.js';
import type { Undo } from './undo-world.js';
import { conflict, whoIs } from './undo-world.js';
import {
  ARCHIVED,
  asExtra,
  asField,
  asRelation,
  EXTRA,
  fieldName,
  isAt,
  markOf,
  readExtra,
  UNMAPPED,
  valueAt,
  writerAt,
  writerKey,
} from './undo-values.js';
import { RESOLVED_MARK, setWriter } from './writers.js';

type Change = JournalEntry['fields'][number];

/**
 * A record that was there before the run gets its earlier values back, field by field. Of one that the run itself made nothing is
 * taken back singly: its first page removes it, or keeps it whole. Answers what of the entry stays, if anything.
 */
export function undoChanged(undo: Undo, entry: JournalEntry): KeptChange | null {
  const record = undo.record(entry.recordId);
  if (!record) return null;
  const made = 'runId' in record.createdBy && record.createdBy.runId === undo.context.runId;
  if (entry.outcome === 'resolved') {
    const fields = undoResolved(undo, entry, record);
    return fields.length > 0 ? { fields, unlessGone: made } : null;
  }
  if (made) return { fields: 'all', unlessGone: true };
  const changes = entry.fields.filter(({ field }) => !field.startsWith(RESOLVED_MARK));
  const verdicts = changes.map((change) => ({ change, verdict: judge(undo, record, change) }));
  const kept = verdicts.filter(({ verdict }) => verdict === 'conflict').map(({ change }) => change);
  for (const change of kept) listConflict(undo, entry, record, change);
  const fields = verdicts
    .filter(({ verdict, change }) => verdict !== 'restore' && !isAt(record, change.field, change.before))
    .map(({ change }) => change.field);
  const links = undoLink(undo, entry, record);
  restore(
    undo,
    entry,
    verdicts.filter(({ verdict }) => verdict === 'restore').map(({ change }) => change),
    links === 'untied',
  );
  const isFirst = entry.linkBefore?.runId !== undo.context.runId;
  const brought =
    links === 'untied' || verdicts.some(({ verdict }) => verdict === 'restore' || verdict === 'later');
  if (isFirst && brought) undo.page.counts.restore += 1;
  if (kept.length > 0 || links === 'used') undo.page.counts.keep += 1;
  return fields.length > 0 || links === 'used' ? { fields, unlessGone: false } : null;
}

/**
 * `restore`: the run's value is there. `later`: the run's, but of a later page that a preview has not taken back.
 * `done`: there is nothing to take back. `conflict`: somebody else's, to be listed once: where the run first touched the field.
 */
type FieldVerdict = 'restore' | 'later' | 'done' | 'conflict';

function judge(undo: Undo, record: StoredRecord, change: Change): FieldVerdict {
  const { field } = change;
  if (undo.isByRun(writerAt(record, field))) return isAt(record, field, change.after) ? 'restore' : 'later';
  if (isAt(record, field, change.before)) return 'done';
  if (field.startsWith(UNMAPPED)) return 'done';
  return undo.isByRun(change.writerBefore) ? 'done' : 'conflict';
}

function listConflict(
  undo: Undo,
  entry: JournalEntry,
  record: StoredRecord,
  { field, before }: Change,
): void {
  const why = `${whoIs(writerAt(record, field))} changed it since the run did.`;
  const wouldBe = asExtra(before)?.json ?? asRelation(before) ?? asField(before);
  conflict(undo, entry, { field: fieldName(field), current: valueAt(record, field), wouldBe, why });
}

function restore(undo: Undo, entry: JournalEntry, changes: readonly Change[], untied: boolean): void {
  // Losing a link changes who may speak for the record: its version says so to whoever read it before.
  if (changes.length === 0 && !untied) return;
  const draft = undo.drafts.edit(entry.recordId);
  for (const change of changes) restoreField(undo, draft, change);
  const restored = new Set(changes.map(({ field }) => field));
  for (const { field, before } of entry.fields) {
    if (
      field.startsWith(RESOLVED_MARK) &&
      restored.has(relationOfMark(field)) &&
      typeof before === 'string'
    ) {
      draft.writers[field] = before;
    }
  }
  draft.updatedAt = undo.context.now;
  const keys = keysOf(draft.object, draft.fields, relationNames(draft.relations));
  draft.keys = keys.keys;
  draft.weakKeys = keys.weakKeys;
}

function restoreField(undo: Undo, draft: StoredRecord, { field, before, writerBefore }: Change): void {
  if (field === ARCHIVED) {
    draft.archivedAt = typeof before === 'string' ? before : null;
    draft.archivedBy = writerBefore;
    return;
  }
  if (field.startsWith('@')) {
    const name = field.slice(1);
    undo.leave(draft, name, relationAt(draft, name));
    putRelation(draft, name, undo.leadBack(draft, name, asRelation(before)));
    Reflect.deleteProperty(draft.writers, markOf(field));
  } else if (field.startsWith(UNMAPPED)) {
    put(draft.unmapped, field.slice(UNMAPPED.length), asField(before));
  } else if (field.startsWith(EXTRA)) {
    const value = asExtra(before);
    put(draft.extra, field.slice(EXTRA.length), value && readExtra(value));
  } else if (field === 'lines') {
    put<FieldValue>(draft.fields, 'lines', restoreLines(undo, draft, linesOf(asField(before))));
  } else {
    put(draft.fields, field, asField(before));
  }
  setWriter(draft.writers, writerKey(field), writerBefore);
}

function restoreLines(undo: Undo, draft: StoredRecord, before: readonly Line[]): Line[] | null {
  linesOf(draft.fields['lines']).forEach((line, n) => undo.leave(draft, lineField(n), line.product ?? null));
  for (const mark in draft.writers) {
    if (mark.startsWith(`${RESOLVED_MARK}lines:`)) Reflect.deleteProperty(draft.writers, mark);
  }
  if (before.length === 0) return null;
  return before.map((line, n) => {
    if (!line.product) return line;
    const { product, ...rest } = line;
    const back = undo.leadBack(draft, lineField(n), product);
    return back ? { ...rest, product: back } : rest;
  });
}

/** `#resolved:account` → `@account`, `#resolved:lines:3:product` → `lines`. */
function relationOfMark(mark: string): string {
  const name = mark.slice(RESOLVED_MARK.length);
  return name.startsWith('lines:') ? 'lines' : `@${name}`;
}

/** A link that the run tied goes, one that it changed becomes what it was; neither if a later run wrote it since. */
function undoLink(undo: Undo, entry: JournalEntry, record: StoredRecord): 'untied' | 'used' | 'settled' {
  const { linkAfter, linkBefore } = entry;
  const now = linkAfter && undo.link(linkAfter.object, linkAfter.externalId);
  if (!now || now.recordId !== entry.recordId) return 'settled';
  const isOurs = now.runId === undo.context.runId;
  if (linkBefore) {
    if (isOurs) undo.restoreLink(linkBefore);
    return 'settled';
  }
  if (isOurs) {
    undo.removeLink(now);
    return 'untied';
  }
  const why = `Run ${now.runId} brought ${now.externalId} again since, so it stays tied to this record.`;
  conflict(undo, { ...entry, object: record.object }, { current: null, wouldBe: null, why });
  return 'used';
}

/**
 * A relation whose target the run's resolve step found waits again, if it is still what was found. Never a conflict, and counted
 * as little as finding it was: the source's word stands, only its target is open again. Answers the relations that do not.
 */
function undoResolved(undo: Undo, entry: JournalEntry, record: StoredRecord): string[] {
  const stays: string[] = [];
  for (const { field, before, after } of entry.fields.toReversed()) {
    const name = field.slice(1);
    const found = asRelation(after);
    const current = undo.drafts.get(entry.recordId) ?? record;
    const now = relationAt(current, name);
    const isFound = now?.recordId === found?.recordId && now?.externalId === found?.externalId;
    if (!found?.externalId || !isFound || !undo.isByRun(record.writers[markOf(field)])) {
      if (!isAt(current, field, before)) stays.push(field);
      continue;
    }
    const draft = undo.drafts.find(entry.recordId) ?? undo.drafts.edit(entry.recordId);
    putRelation(draft, name, { externalId: found.externalId, recordId: null });
    Reflect.deleteProperty(draft.writers, markOf(field));
    draft.updatedAt = undo.context.now;
    undo.bump(found.recordId, -1);
    undo.wait(waitingFor(draft, name, found.externalId));
  }
  return stays;
}
