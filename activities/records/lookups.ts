import type { ObjectName } from '../../workflows/contract/objects.js';
import { lookedUpBy } from './keys.js';
import type { JournalEntry, Lookups } from './page.js';
import { lineField, linesOf, targetObjectOf } from './relations.js';
import type { FieldValue, Mapped, Policies, Relation } from './types.js';

/** What must be read before a page of `object` can be decided. */
export function lookupsOf(
  mapped: readonly Mapped[],
  object: ObjectName,
  matching: Policies['matching'],
): Lookups {
  const externalIds = new Set<string>();
  const keys = new Set<string>();
  const weakKeys = new Set<string>();
  const targets = new Map<string, { object: ObjectName; externalId: string }>();
  const gone = new Set<string>();
  const target = (field: string, externalId: string | null): void => {
    if (externalId === null) return;
    const of = targetObjectOf(object, field);
    const key = `${of}/${externalId}`;
    if (!targets.has(key)) targets.set(key, { object: of, externalId });
  };
  for (const each of mapped) {
    if (!each.ok) continue;
    const { record } = each;
    externalIds.add(record.externalId);
    if (record.deleted) gone.add(record.externalId);
    for (const key of lookedUpBy(record.keys, matching)) keys.add(key);
    for (const key of record.weakKeys) weakKeys.add(key);
    for (const field in record.relations) target(field, record.relations[field] ?? null);
    linesOf(record.fields['lines']).forEach((line, n) =>
      target(lineField(n), line.product?.externalId ?? null),
    );
  }
  return {
    externalIds: [...externalIds],
    keys: [...keys],
    weakKeys: [...weakKeys],
    targets: [...targets.values()],
    ...(gone.size > 0 && { gone }),
  };
}

/** What must be read before one page's journal can be undone. */
export interface UndoLookups {
  /** For `UndoWorld.records`: the records themselves, and the targets that relations would lead to again. */
  recordIds: string[];
  /**
   * Further records, which the page made and which refer to nothing, with the version in which it left them. Where that version is
   * still stored, it alone is to be read (`UndoWorld.untouched`); else they belong to `recordIds`.
   */
  asMade: ReadonlyMap<string, number>;
  /** For `UndoWorld.links`. */
  links: { object: ObjectName; externalId: string }[];
  /** For `UndoWorld.referrers` and `UndoWorld.recordLinks`: records that this page created. */
  createdIds: string[];
}

export function undoLookupsOf(entries: readonly JournalEntry[]): UndoLookups {
  const recordIds = new Set<string>();
  const asMade = new Map<string, number>();
  const createdIds = new Set<string>();
  const links = new Map<string, { object: ObjectName; externalId: string }>();
  for (const entry of entries) {
    for (const change of entry.fields) for (const id of targetsBefore(change)) recordIds.add(id);
    if (entry.outcome === 'created') createdIds.add(entry.recordId);
    if (refersToNothing(entry)) asMade.set(entry.recordId, entry.versionAfter);
    else recordIds.add(entry.recordId);
    const link = entry.outcome === 'created' ? null : entry.linkAfter;
    if (link)
      links.set(`${link.object}/${link.externalId}`, { object: link.object, externalId: link.externalId });
  }
  for (const recordId of recordIds) asMade.delete(recordId);
  return { recordIds: [...recordIds], asMade, links: [...links.values()], createdIds: [...createdIds] };
}

function refersToNothing({ outcome, fields, pendingAdded }: JournalEntry): boolean {
  if (outcome !== 'created' || pendingAdded.length > 0) return false;
  return fields.every(({ field }) => field !== 'lines' && !field.startsWith('@'));
}

function targetsBefore({ field, before }: JournalEntry['fields'][number]): string[] {
  if (before === null) return [];
  if (field === 'lines') return linesOf(before as FieldValue).flatMap((line) => line.product?.recordId ?? []);
  if (!field.startsWith('@')) return [];
  return [(before as Relation).recordId].filter((id) => id !== null);
}
