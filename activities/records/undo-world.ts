import type { ObjectName } from '../../workflows/contract/objects.js';
import type { JournalEntry, PendingRelation } from './page.js';
import { waitingFor } from './relations.js';
import type { LinkTie, Relation, StoredLink, StoredRecord } from './types.js';
import type { UndoContext, UndoConflict, UndonePage, UndoWorld } from './undo-types.js';
import { addTo, createDrafts, foldBumps } from './world.js';
import type { Drafts } from './world.js';
import { isByRun, readWriter } from './writers.js';

/** The store as it is now, and over it what this page's undo did so far. */
export interface Undo {
  readonly context: UndoContext;
  readonly world: UndoWorld;
  readonly page: UndonePage;
  readonly drafts: Drafts;
  record(recordId: string): StoredRecord | null;
  /** Is as this page made it: there is nothing to read of it that the journal does not say. */
  isUntouched(recordId: string): boolean;
  link(object: ObjectName, externalId: string): LinkTie | null;
  restoreLink(link: StoredLink): void;
  removeLink(link: Pick<StoredLink, 'object' | 'externalId'>): void;
  isRemoved(recordId: string): boolean;
  remove(recordId: string): void;
  bump(recordId: string | null, by: number): void;
  /** A relation that is taken back points, or waits, no more. */
  leave(record: StoredRecord, field: string, relation: Relation | null): void;
  /** The relation as it was, or waiting for its target if that is no more. */
  leadBack(record: StoredRecord, field: string, relation: Relation | null): Relation | null;
  /** Records that this page's undo led back to this one. */
  ledBackTo(recordId: string): Iterable<string>;
  wait(pending: PendingRelation): void;
  isByRun(writer: string | null | undefined): boolean;
  finish(): UndonePage;
}

export function openUndo(world: UndoWorld, context: UndoContext): Undo {
  const page = emptyUndone();
  const drafts = createDrafts(withReferrers(world));
  const links = new Map<string, StoredLink | null>();
  const removedLinks = new Map<string, Pick<StoredLink, 'object' | 'externalId'>>();
  const removed = new Map<string, number>();
  const bumps = new Map<string, number>();
  const waiting = new Map<string, PendingRelation>();
  const ledBack = new Map<string, Set<string>>();

  const undo: Undo = {
    context,
    world,
    page,
    drafts,
    record: (recordId) => (removed.has(recordId) ? null : drafts.get(recordId)),
    isUntouched: (recordId) => world.untouched.has(recordId),
    link: (object, externalId) => {
      const key = `${object}/${externalId}`;
      const changed = links.get(key);
      return changed === undefined ? (world.links.get(key) ?? null) : changed;
    },
    restoreLink: (link) => links.set(`${link.object}/${link.externalId}`, link),
    removeLink: ({ object, externalId }) => {
      links.set(`${object}/${externalId}`, null);
      removedLinks.set(`${object}/${externalId}`, { object, externalId });
    },
    isRemoved: (recordId) => removed.has(recordId),
    remove: (recordId) => {
      const untouched = world.untouched.get(recordId);
      removed.set(recordId, untouched ?? drafts.readVersion(recordId));
      // It has no relation, so nothing of it waits for a target.
      if (untouched !== undefined) return;
      drafts.drop(recordId);
      for (const [key, pending] of waiting) if (pending.recordId === recordId) waiting.delete(key);
      page.pendingRemovedOf.push(recordId);
    },
    bump: (recordId, by) => {
      if (recordId) bumps.set(recordId, (bumps.get(recordId) ?? 0) + by);
    },
    leave: (record, field, relation) => {
      if (!relation) return;
      undo.bump(relation.recordId, -1);
      if (relation.recordId !== null || relation.externalId === null) return;
      waiting.delete(`${record.recordId}/${field}`);
      page.pendingRemoved.push(waitingFor(record, field, relation.externalId));
    },
    leadBack: (record, field, relation) => {
      if (!relation) return null;
      const there = relation.recordId !== null && undo.record(relation.recordId) !== null;
      if (there) {
        undo.bump(relation.recordId, 1);
        if (relation.recordId !== null) addTo(ledBack, relation.recordId, record.recordId);
        return relation;
      }
      if (relation.externalId === null) return null;
      undo.wait(waitingFor(record, field, relation.externalId));
      return { externalId: relation.externalId, recordId: null };
    },
    ledBackTo: (recordId) => ledBack.get(recordId) ?? [],
    wait: (pending) => waiting.set(`${pending.recordId}/${pending.field}`, pending),
    isByRun: (writer) => isByRun(writer, context.runId),
    finish: () => {
      for (const recordId of removed.keys()) bumps.delete(recordId);
      page.removals = [...removed].map(([recordId, expectedVersion]) => ({ recordId, expectedVersion }));
      page.bumps = foldBumps(bumps, drafts);
      page.writes = drafts.writes();
      page.pendingAdded = [...waiting.values()];
      page.pendingRemoved = page.pendingRemoved.filter((old) => {
        const now = waiting.get(`${old.recordId}/${old.field}`);
        return !removed.has(old.recordId) && now?.targetExternalId !== old.targetExternalId;
      });
      page.restoredLinks = [...links.values()].filter((link) => link !== null);
      page.removedLinks = [...removedLinks.values()];
      return page;
    },
  };
  return undo;
}

export function conflict(
  undo: Undo,
  entry: Pick<JournalEntry, 'recordId' | 'object' | 'externalId'>,
  what: Pick<UndoConflict, 'current' | 'wouldBe' | 'why'> & { field?: string },
): void {
  const { object, recordId, externalId } = entry;
  undo.page.conflicts.push({ object, recordId, externalId, ...what });
}

/** Plain words for who wrote something. */
export function whoIs(writer: string | null | undefined): string {
  if (!writer) return 'Somebody';
  const facts = readWriter(writer);
  return facts.kind === 'person' ? facts.name : `Run ${facts.runId}`;
}

function emptyUndone(): UndonePage {
  return {
    removals: [],
    writes: [],
    restoredLinks: [],
    removedLinks: [],
    bumps: [],
    pendingAdded: [],
    pendingRemoved: [],
    pendingRemovedOf: [],
    conflicts: [],
    kept: [],
    counts: { remove: 0, restore: 0, keep: 0 },
  };
}

function withReferrers({ records, referrers }: UndoWorld): ReadonlyMap<string, StoredRecord> {
  if (referrers.size === 0) return records;
  const all = new Map(records);
  for (const group of referrers.values())
    for (const each of group) if (!all.has(each.recordId)) all.set(each.recordId, each);
  return all;
}
