import type { ActivityDeps } from '../deps.js';
import { loadUndoWorld } from '../load-undo-world.js';
import { undoLookupsOf } from '../records/lookups.js';
import type { JournalEntry } from '../records/page.js';
import { move } from '../records/repair.js';
import { noCounts, type StoredRecord } from '../records/types.js';
import { undoPage } from '../records/undo.js';
import type { UndonePage } from '../records/undo-types.js';
import { runWriter } from '../records/writers.js';
import type { PageState } from '../store/repair-part.js';
import type { DecisionDoc, UntieCommit } from '../store/repairing.js';
import { asNotes, holderOf, type Repairing } from './batch.js';
import { regain } from '../regain.js';

const MOST_REDOS = 50;

type Place = { state: PageState; index: number; mark: string };

/**
 * Decisions about source records that this run has taken already: what it wrote for the record is taken back, in a transaction of its
 * own, so that it can be decided as the person says. Safe to repeat: what is taken back is marked as left out, and is not found again.
 * `more`: the slice's time (`stopAt`, ms) is over; never before one was taken back, so that each slice comes further.
 */
export async function untieDecided(
  deps: ActivityDeps,
  job: Repairing,
  stopAt: number,
): Promise<'done' | 'more'> {
  if (job.decisions.size === 0) return 'done';
  const pages = await pagesOf(deps, job);
  const done: string[] = [];
  let end: 'done' | 'more' = 'done';
  for (const decision of job.decisions.values()) {
    job.signal.throwIfAborted();
    const { settled, untied } = await carryOut(deps, job, decision, pages.get(decision.externalId));
    if (settled) done.push(decision.externalId);
    if (untied && deps.now().getTime() > stopAt) {
      end = 'more';
      break;
    }
  }
  if (done.length > 0)
    await deps.store.decisions.applied(job.ref, job.object, done, deps.now().toISOString());
  return end;
}

/** `settled`: nothing is left to be done about it. */
interface Carried {
  settled: boolean;
  untied: boolean;
}

async function carryOut(
  deps: ActivityDeps,
  job: Repairing,
  decision: DecisionDoc,
  seq: number | undefined,
): Promise<Carried> {
  const { store } = deps;
  const { ref, object, origin } = job;
  const { externalId } = decision;
  const as = (settled: boolean, untied = false): Carried => ({ settled, untied });
  const place = seq === undefined ? null : await placeOn(deps, job, seq, externalId);
  if (!place) return as(true);
  if (place.mark === 'p') return as(decision.decision === 'skip');
  if (place.mark !== 'c' && place.mark !== 'u') return as(place.mark !== 'f');
  const [link] = await store.links.byExternalIds(ref.workspaceId, origin, object, [externalId]);
  if (!link || link.runId > ref.runId) return as(true);
  if (decision.decision === 'update' && link.recordId === decision.recordId) return as(true);
  const entries = await store.repairs.entriesOf(ref, object, externalId);
  const first = entries.find((entry) => entry.linkBefore === null && entry.linkAfter !== null);
  if (!first || (decision.decision === 'create' && first.outcome === 'created')) return as(true);
  const untied = await untie(deps, job, { externalId, place, entries, recordId: link.recordId });
  return as(!untied || decision.decision === 'skip', untied);
}

/** On which page of source each record with a decision stands (not as a repeat), found in one walk. */
async function pagesOf(
  { store }: ActivityDeps,
  { ref, object, decisions, signal }: Repairing,
): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  const externalIds = [...decisions.keys()];
  for (let from: number | null = 0; from !== null && found.size < externalIds.length;) {
    signal.throwIfAborted();
    const { items, next } = await store.repairs.states(ref, object, { from, limit: 10, externalIds });
    for (const { seq, marks } of items) {
      const page = await store.pages.source(ref, object, seq);
      (page?.records ?? []).forEach(({ externalId }, at) => {
        if (!decisions.has(externalId) || found.has(externalId) || marks[at] === 'r') return;
        found.set(externalId, seq);
      });
    }
    from = next;
  }
  return found;
}

/** As it stands now: taking back another record of the same page has moved its marks. */
async function placeOn(
  { store }: ActivityDeps,
  { ref, object }: Repairing,
  seq: number,
  externalId: string,
): Promise<Place | null> {
  const [{ items }, page] = await Promise.all([
    store.repairs.states(ref, object, { from: seq, limit: 1, externalIds: [externalId] }),
    store.pages.source(ref, object, seq),
  ]);
  const [state] = items;
  if (state?.seq !== seq) return null;
  const index = (page?.records ?? []).findIndex(
    (record, at) => record.externalId === externalId && state.marks[at] !== 'r',
  );
  return index < 0 ? null : { state, index, mark: state.marks[index] ?? '' };
}

interface Untying {
  externalId: string;
  place: Place;
  entries: JournalEntry[];
  recordId: string;
}

/** False: a later run has brought the source record again since, and its word stands. */
async function untie(deps: ActivityDeps, job: Repairing, what: Untying): Promise<boolean> {
  const { store } = deps;
  const { ref, object, origin, side, signal } = job;
  let turn = await store.turns.acquire(ref.workspaceId, object, holderOf(job), signal);
  try {
    for (let redo = 0; redo < MOST_REDOS; redo += 1) {
      const now = deps.now().toISOString();
      const undone = await takeBack(deps, job, what, now);
      if (!undone) return false;
      const commit = { ref, object, origin, epoch: side.epoch, turn, ...bookedAs(what, undone), undone, now };
      if ((await store.repairs.untie(commit)) !== 'conflict') return true;
      turn = await regain(store, turn, signal);
    }
  } finally {
    await store.turns.release(turn);
  }
  throw new Error(`A decision on ${object} could not be carried out: what it touches kept changing.`);
}

function bookedAs(
  { externalId, place, recordId }: Untying,
  { conflicts, writes }: UndonePage,
): Pick<UntieCommit, 'state' | 'before' | 'moved' | 'uncounted' | 'problems'> {
  const { state, index, mark } = place;
  const said = new Map(state.notes.map(([at, failed, counted]) => [at, { failed, counted }]));
  const counted = said.get(index)?.counted ?? [];
  said.delete(index);
  const marks = Array.from(state.marks);
  marks[index] = 'p';
  const archived = writes.some(({ record }) => record.recordId === recordId && record.archivedAt !== null);
  const what = archived
    ? `Record ${recordId} was archived and not removed`
    : `Something of record ${recordId} stays`;
  const problems = conflicts.map(({ why }) => ({ externalId, message: `${what}: ${why}` }));
  const moved = noCounts();
  move(moved, mark, 'p');
  moved.warnings = problems.length - counted.length;
  const after = { seq: state.seq, marks: marks.join(''), notes: asNotes(said) };
  return { state: after, before: state.marks, moved, uncounted: counted, problems };
}

async function takeBack(
  { store }: ActivityDeps,
  { ref, object, origin }: Repairing,
  { externalId, entries, place, recordId }: Untying,
  now: string,
): Promise<UndonePage | null> {
  const loaded = await loadUndoWorld(store, ref.workspaceId, origin, undoLookupsOf(entries));
  const context = { ...ref, now };
  if (place.mark === 'u') {
    const own = loaded.records.get(recordId);
    // Of a record that this run made an undo takes nothing back singly; here only what this source added goes.
    const foreign = own && { ...own, createdBy: { runId: '' } };
    const records = foreign ? new Map([...loaded.records, [recordId, foreign]]) : loaded.records;
    const undone = undoPage(entries, { ...loaded, records }, context);
    if (!undone.removedLinks.some((link) => link.externalId === externalId)) return null;
    for (const write of undone.writes) {
      if (own && write.record.recordId === recordId) write.record.createdBy = own.createdBy;
    }
    return undone;
  }
  const undone = undoPage(entries, loaded, context);
  if (undone.removals.some((removal) => removal.recordId === recordId)) return undone;
  const [record] = await store.records.byIds(ref.workspaceId, [recordId]);
  const others = await store.links.ties(ref.workspaceId, [recordId]);
  const shared = others.some(
    (link) => link.goneAt === null && !(link.origin === origin && link.externalId === externalId),
  );
  const writes = record && !shared && record.archivedAt === null ? [archive(record, { ...ref, now })] : [];
  return {
    ...{ removals: [], writes, restoredLinks: [], removedLinks: [{ object, externalId }], bumps: [] },
    ...{ pendingAdded: [], pendingRemoved: [], pendingRemovedOf: [], kept: [] },
    ...{ conflicts: undone.conflicts, counts: { remove: 0, restore: 0, keep: 0 } },
  };
}

/** It looks like nobody any more: without keys it is no candidate. */
function archive(
  record: StoredRecord,
  { runId, appId, now }: { runId: string; appId: string; now: string },
): UndonePage['writes'][number] {
  const archived = { archivedAt: now, archivedBy: runWriter(runId, appId, null), keys: [], weakKeys: [] };
  return {
    record: { ...record, ...archived, version: record.version + 1, updatedAt: now },
    expectedVersion: record.version,
  };
}
