import { keysOf } from './keys.js';
import type { JournalEntry } from './page.js';
import { putRelation, relationNames, relationsOf, waitingFor } from './relations.js';
import type { LinkTie, StoredRecord } from './types.js';
import type { KeptChange } from './undo-types.js';
import type { Undo } from './undo-world.js';
import { conflict, whoIs } from './undo-world.js';
import { fieldName, valueAt } from './undo-values.js';
import { isByPerson, RESOLVED_MARK, resolvedMark, writerOf } from './writers.js';

/**
 * A record that the run made goes for good, with its links, unless somebody touched a field of it, another app's or a later link
 * is tied to it, or something outside the run refers to it. Then it stays whole: half a record helps nobody.
 */
export function undoCreated(undo: Undo, entry: JournalEntry): KeptChange | null {
  const { recordId } = entry;
  const record = undo.record(recordId);
  if (!record && !undo.isUntouched(recordId)) {
    const now = ownLink(undo, entry);
    if (now) undo.removeLink(now);
    return null;
  }
  const own = referring(undo, recordId);
  const edits = record ? touched(undo, entry, record) : 0;
  const reasons = edits + tied(undo, entry) + used(undo, entry, own.outside);
  if (reasons > 0) {
    if (record) bringBack(undo, record);
    undo.page.counts.keep += 1;
    return { fields: 'all', unlessGone: false };
  }
  for (const inside of own.inside) waitAgain(undo, inside.recordId, inside.field);
  if (record) for (const { relation } of relationsOf(record)) undo.bump(relation.recordId, -1);
  for (const each of linksOf(undo, entry)) undo.removeLink(each);
  undo.remove(recordId);
  undo.page.counts.remove += 1;
  return null;
}

/** A repair of this run archived it when its source was tied to another record: what stays, stays as it was. */
function bringBack(undo: Undo, record: StoredRecord): void {
  if (record.archivedAt === null || !undo.isByRun(record.archivedBy)) return;
  const draft = undo.drafts.edit(record.recordId);
  draft.archivedAt = null;
  draft.archivedBy = null;
  draft.updatedAt = undo.context.now;
  const { keys, weakKeys } = keysOf(draft.object, draft.fields, relationNames(draft.relations));
  Object.assign(draft, { keys, weakKeys });
}

/** Each function lists its conflicts and says how many. */
function touched(undo: Undo, entry: JournalEntry, record: StoredRecord): number {
  let found = 0;
  const list = (field: string, why: string): void => {
    conflict(undo, entry, { field: fieldName(field), current: valueAt(record, field), wouldBe: null, why });
    found += 1;
  };
  for (const [field, writer] of Object.entries(record.writers)) {
    if (field.startsWith(RESOLVED_MARK) || undo.isByRun(writer)) continue;
    list(field, `${whoIs(writer)} changed it since, so the record stays.`);
  }
  if (record.archivedAt !== null && !undo.isByRun(record.archivedBy)) {
    list('#archivedAt', `${whoIs(record.archivedBy)} archived it since, so it stays as it is.`);
  }
  return found;
}

function tied(undo: Undo, entry: JournalEntry): number {
  const links = undo.world.recordLinks.get(entry.recordId) ?? [];
  const elsewhere = links.filter(
    (link) => link.goneAt === null && !isOfRun(undo, link) && !isLinkOf(entry, link),
  );
  const [first] = elsewhere;
  if (!first) return 0;
  const why = `It also stands for ${first.externalId} of app ${first.appId}${more(elsewhere.length)}, so it stays.`;
  conflict(undo, entry, { current: null, wouldBe: null, why });
  return 1;
}

function used(undo: Undo, entry: JournalEntry, outside: readonly StoredRecord[]): number {
  const [first] = outside;
  if (!first) return 0;
  const why = `${first.object} record ${first.recordId} refers to it${more(outside.length)}, so it stays.`;
  conflict(undo, entry, { current: null, wouldBe: null, why });
  return 1;
}

function more(count: number): string {
  return count === 1 ? '' : ` (and ${count - 1} more)`;
}

/** Links that go with the record: its own, and those that the run tied to it later. */
function linksOf(undo: Undo, entry: JournalEntry): LinkTie[] {
  const links = undo.world.recordLinks.get(entry.recordId) ?? [];
  const going = links.filter((link) => isLinkOf(entry, link) || isOfRun(undo, link));
  const own = ownLink(undo, entry);
  return own ? [own, ...going] : going;
}

/** The link that was made with the record, if it is still tied to it. */
function ownLink(undo: Undo, entry: JournalEntry): LinkTie | null {
  const { recordId, linkAfter } = entry;
  if (!linkAfter) return null;
  const own = undo.link(linkAfter.object, linkAfter.externalId);
  if (own) return own.recordId === recordId ? own : null;
  return undo.world.recordLinks.get(recordId)?.find((link) => isLinkOf(entry, link)) ?? null;
}

function isLinkOf({ linkAfter }: JournalEntry, link: LinkTie): boolean {
  return (
    linkAfter?.origin === link.origin &&
    linkAfter.object === link.object &&
    linkAfter.externalId === link.externalId
  );
}

function isOfRun({ context }: Undo, link: LinkTie): boolean {
  return link.runId === context.runId && link.appId === context.appId;
}

interface Referring {
  /** Relations that this run said or found: they wait for their target again. */
  inside: { recordId: string; field: string }[];
  /** Records with any other relation to it. */
  outside: StoredRecord[];
}

function referring(undo: Undo, targetId: string): Referring {
  const found: Referring = { inside: [], outside: [] };
  const stored = undo.world.referrers.get(targetId) ?? [];
  for (const recordId of new Set([...stored.map((each) => each.recordId), ...undo.ledBackTo(targetId)])) {
    const other = undo.record(recordId);
    if (!other || recordId === targetId) continue;
    const to = relationsOf(other).filter(({ relation }) => relation.recordId === targetId);
    if (to.length === 0) continue;
    if (to.every(({ field, relation }) => relation.externalId !== null && isSaidByRun(undo, other, field))) {
      for (const { field } of to) found.inside.push({ recordId, field });
    } else {
      found.outside.push(other);
    }
  }
  return found;
}

function isSaidByRun(undo: Undo, record: StoredRecord, field: string): boolean {
  const writer = writerOf(record, field.startsWith('lines.') ? 'lines' : `@${field}`);
  return undo.isByRun(writer) || (!isByPerson(writer) && undo.isByRun(record.writers[resolvedMark(field)]));
}

function waitAgain(undo: Undo, recordId: string, field: string): void {
  const draft = undo.drafts.find(recordId) ?? undo.drafts.edit(recordId);
  const relation = relationsOf(draft).find((each) => each.field === field)?.relation;
  if (!relation || relation.externalId === null) return;
  putRelation(draft, field, { externalId: relation.externalId, recordId: null });
  Reflect.deleteProperty(draft.writers, resolvedMark(field));
  draft.updatedAt = undo.context.now;
  undo.wait(waitingFor(draft, field, relation.externalId));
}
