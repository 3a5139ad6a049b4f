import { newEffects } from './create.js';
import type { Effects } from './create.js';
import { sourceText } from './field-text.js';
import { editPolicyOf } from './merge.js';
import type { Merger, Sides, Verdict } from './merge.js';
import type { JournalEntry, JournalValue } from './page.js';
import type { FieldValue, MappedRecord, ProblemDraft, StoredLink, StoredRecord } from './types.js';
import type { WorkingWorld } from './world.js';
import { readWriter, runWriter, setWriter, writerOf } from './writers.js';

/** One record being merged: what is found out before anything is copied or written. */
export interface Merge {
  work: WorkingWorld;
  source: MappedRecord;
  before: StoredRecord;
  link: StoredLink | null;
  merger: Merger;
  applied: StoredLink['applied'];
  notOurs: Set<string>;
  changes: JournalEntry['fields'];
  /** Done to the copy, once there is something to write. */
  edits: ((draft: StoredRecord) => void)[];
  effects: Effects;
  warnings: ProblemDraft[];
}

export function beginMerge(
  work: WorkingWorld,
  source: MappedRecord,
  before: StoredRecord,
  link: StoredLink | null,
): Merge {
  const { context, rules } = work;
  return {
    work,
    source,
    before,
    link,
    merger: {
      appId: context.appId,
      ownApps: new Set(link ? [context.appId, link.appId] : [context.appId]),
      modifiedAt: source.modifiedAt,
      priority: rules.policies.priority,
      priorityOf: (appId) => context.priorities?.[appId] ?? 0,
    },
    applied: link ? { ...link.applied } : {},
    notOurs: new Set(link?.notOurs),
    changes: [],
    edits: [],
    effects: newEffects(),
    warnings: [],
  };
}

export function sidesOf<Value extends FieldValue>(
  merge: Merge,
  name: string,
  field: string,
  source: Value | null,
  current: Value | null,
): Sides<FieldValue> {
  const { applied } = merge.link ?? {};
  return {
    source,
    applied: applied && Object.hasOwn(applied, name) ? (applied[name] ?? null) : undefined,
    ours: !merge.notOurs.has(name),
    current,
    writer: writerOf(merge.before, name),
    firstTie: merge.link === null,
    edits: editPolicyOf(merge.work.rules.policies, merge.before.object, field),
  };
}

/** What the next merge starts from, and the word about an edit that stayed. */
export function settle(
  merge: Merge,
  name: string,
  field: string,
  source: FieldValue | null,
  verdict: Verdict,
): void {
  merge.applied[name] = source;
  if (verdict.ours) merge.notOurs.delete(name);
  else merge.notOurs.add(name);
  if (verdict.editKept) merge.warnings.push(editKept(merge, field, source, writerOf(merge.before, name)));
}

export function take(
  merge: Merge,
  field: string,
  before: JournalValue,
  after: JournalValue,
  edit: (draft: StoredRecord) => void,
): void {
  merge.changes.push({ field, before, after, writerBefore: writerOf(merge.before, field) });
  merge.edits.push((draft) => {
    edit(draft);
    setWriter(draft.writers, field, writerNow(merge));
  });
}

/** A mark of the resolve step goes with the relation it is about, and comes back with it at an undo. */
export function dropMark(merge: Merge, mark: string): void {
  const run = merge.before.writers[mark];
  if (run === undefined) return;
  merge.changes.push({ field: mark, before: run, after: null, writerBefore: null });
  merge.edits.push((draft) => Reflect.deleteProperty(draft.writers, mark));
}

export function writerNow({ work, source }: Merge): string {
  return runWriter(work.context.runId, work.context.appId, source.modifiedAt);
}

export function editKept(
  merge: Merge,
  field: string,
  value: FieldValue | null,
  writer: string | null,
): ProblemDraft {
  const facts = writer === null ? null : readWriter(writer);
  const who = facts?.kind === 'person' ? facts.name : 'a person';
  const message =
    field === 'archived'
      ? `${who} archived this record, so it stays archived although its source is there. Restore it by hand if it is wanted again.`
      : `${who} edited "${field}", so the edit stays although the source says something new. To take the source's value, ` +
        `set the policy edits to overwrite for this field, or edit the record.`;
  return {
    severity: 'warning',
    code: 'edit_kept',
    externalId: merge.source.externalId,
    ...(merge.source.position === null ? {} : { position: merge.source.position }),
    field,
    ...(value === null ? {} : { value: sourceText(value) }),
    message,
  };
}
