import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { PageNotes } from '../../records/outcome-marks.js';
import type { DuplicateFound, JournalEntry } from '../../records/page.js';
import type { ApplyCommit, ApplyResult } from '../moving.js';
import { Fenced } from '../moving.js';
import type { PageState, RepairPart } from '../repair-part.js';
import type { Repairs, UntieCommit } from '../repairing.js';
import type { ApplyStored, Database, PackedStored, PageStored, ProblemStored } from './collections.js';
import { deleteAll, updateAlike, updateAll, type Update } from './commands.js';
import { Conflict, isDuplicateKey } from './errors.js';
import { mayHold } from './fingerprints.js';
import { readGuard } from './guards.js';
import { idOf } from './ids.js';
import { readJournal } from './journal.js';
import { fromBlob, toBlob } from './json.js';
import { pack } from './pack.js';
import { pageCount, pageKey, pagesBetween, seqOf } from './page-keys.js';
import { recount } from './page-headings.js';
import { failedKey, singleKeys, writeSingle } from './page-problems.js';
import { changeRecords, planRecords, raiseTurn, updateExactly } from './page-writes.js';
import { movePending, removeRecords, restoreLinks } from './page-undo.js';
import { transact, type Tx } from './transaction.js';
import { APPLY, applySide, countIncrements, sideKey } from './transfer-codec.js';

interface Place {
  ref: RunRef;
  object: ObjectName;
}

export function createRepairs(database: Database): Repairs {
  return {
    claim: (ref, object) => transact(database, (tx) => claim(tx, { ref, object })),
    states: (ref, object, args) => readStates(database, { ref, object }, args),
    entriesOf: (ref, object, externalId) => entriesOf(database, { ref, object }, externalId),
    duplicateOf: (ref, object, externalId) => duplicateOf(database, { ref, object }, externalId),
    moveOn: (ref, object, args) => transact(database, (tx) => moveOn(tx, { ref, object }, args)),
    untie: (commit) => untie(database, commit),
  };
}

/** Raising the epoch once more fences nobody but older attempts, so it may be repeated. */
async function claim(tx: Tx, { ref, object }: Place): Promise<ReturnType<typeof applySide> | null> {
  const key = sideKey(ref, object, APPLY);
  const side = await readGuard<ApplyStored>(tx, 'transfers', key);
  if (!side || side.closedFor === null) return null;
  const claimed = { repairing: true, updatedAt: tx.database.now().toISOString() };
  await updateExactly(tx, 'transfers', [{ q: { _id: key }, u: { $inc: { epoch: 1 }, $set: claimed } }]);
  return applySide({ ...side, epoch: side.epoch + 1 });
}

/** Nothing was meant up to here. Repeatable. */
async function moveOn(
  tx: Tx,
  { ref, object }: Place,
  { epoch, seq }: { epoch: number; seq: number },
): Promise<void> {
  await refuseOthers(tx, { ref, object }, epoch);
  const update = {
    $set: { 'repair.next': pack({ object, seq }), updatedAt: tx.database.now().toISOString() },
  };
  await updateExactly(tx, 'runs', [{ q: { _id: idOf(ref.workspaceId, ref.runId) }, u: update }]);
}

async function refuseOthers(tx: Tx, { ref, object }: Place, epoch: number): Promise<void> {
  const key = sideKey(ref, object, APPLY);
  const side = await readGuard<ApplyStored>(tx, 'transfers', key, { epoch: 1, repairing: 1 });
  if (side?.epoch !== epoch || side.repairing !== true) {
    throw new Fenced(`Another attempt, or an undo, took over ${object}. Nothing was written.`);
  }
}

async function readStates(
  database: Database,
  place: Place,
  { from, limit, externalIds }: { from: number; limit: number; externalIds?: readonly string[] },
): Promise<{ items: PageState[]; next: number | null }> {
  const to = await pageCount(database, place.ref, place.object);
  const projection = {
    origin: 1,
    ids: 1,
    appliedAt: 1,
    undoneAt: 1,
    marks: 1,
    notes: 1,
    duplicates: 1,
  } as const;
  const items: PageState[] = [];
  for await (const page of pagesBetween(database, place, { from, to }, { projection })) {
    if (items.length === limit) return { items, next: seqOf(page) };
    const { ids } = page;
    if (page.origin === 'repair' || page.origin === 'resolve') continue;
    if (page.appliedAt === null || page.undoneAt !== null || page.marks === undefined) continue;
    if (externalIds && !(ids && externalIds.some((id) => mayHold(ids, id)))) continue;
    items.push(await stateOf(page, page.marks));
  }
  return { items, next: null };
}

async function stateOf(page: PageStored, marks: string): Promise<PageState> {
  const found = page.duplicates ? ((await fromBlob(page.duplicates)) as DuplicateFound[]) : [];
  return {
    seq: seqOf(page),
    marks,
    notes: page.notes ? ((await fromBlob(page.notes)) as PageNotes) : [],
    duplicates: found.map(({ externalId }) => externalId),
  };
}

async function entriesOf(database: Database, place: Place, externalId: string): Promise<JournalEntry[]> {
  const to = await pageCount(database, place.ref, place.object);
  const projection = { ids: 1, appliedAt: 1, undoneAt: 1 } as const;
  const found: JournalEntry[] = [];
  for await (const page of pagesBetween(database, place, { from: 0, to }, { projection })) {
    if (page.appliedAt === null || page.undoneAt !== null) continue;
    if (!page.ids || !mayHold(page.ids, externalId)) continue;
    const journal = await readJournal(database, place.ref, place.object, seqOf(page));
    found.push(...journal.filter((entry) => entry.externalId === externalId));
  }
  return found;
}

async function duplicateOf(
  database: Database,
  place: Place,
  externalId: string,
): Promise<DuplicateFound | null> {
  const to = await pageCount(database, place.ref, place.object);
  const projection = { ids: 1, duplicates: 1 } as const;
  for await (const page of pagesBetween(database, place, { from: 0, to }, { projection })) {
    if (!page.duplicates || !page.ids || !mayHold(page.ids, externalId)) continue;
    const listed = (await fromBlob(page.duplicates)) as DuplicateFound[];
    const found = listed.find((each) => each.externalId === externalId);
    if (found) return found;
  }
  return null;
}

/** What a repair's page does beside what any page does: in its transaction, after its records and links. */
export async function repairBooks(tx: Tx, commit: ApplyCommit, part: RepairPart): Promise<void> {
  const { ref, object, now } = commit;
  await refuseExpired(tx, ref);
  await keepStates(tx, commit, part.states);
  const settled = part.settled.map(({ seq, n }) => failedKey({ ref, object, seq }, n));
  const found = await updateAlike(tx, 'problems', settled, { $set: { state: 'repaired' } });
  if (found !== settled.length) throw new Conflict('problems that were to be settled are gone');
  const replaced = part.replaced.map(({ seq, n }) => failedKey({ ref, object, seq }, n));
  const passed = await dismissedAmong(tx, replaced);
  await deleteAll(tx, 'problems', replaced);
  await writeSingle(tx, commit, commit.decided.problems);
  await recount(tx, commit, part.uncounted, commit.decided.problems);
  await dismissAgain(tx, commit, passed);
  const decided = part.decided.map((externalId) => idOf(ref.workspaceId, ref.runId, object, externalId));
  await updateAll(
    tx,
    'decisions',
    decided.map((_id) => ({ q: { _id }, u: { $set: { appliedAt: now } } })),
  );
  await tell(tx, commit, part);
}

/** What a person let pass, by what it was about. */
async function dismissedAmong({ database, session }: Tx, keys: readonly string[]): Promise<Dismissed> {
  if (keys.length === 0) return new Map();
  const found = await database
    .collection('problems')
    .find({ _id: { $in: [...keys] } }, { session })
    .project<Pick<ProblemStored, 'sameAs' | 'state' | 'dismissed'>>({ sameAs: 1, state: 1, dismissed: 1 })
    .toArray();
  return new Map(
    found.flatMap(({ sameAs, state, dismissed }) =>
      state === 'dismissed' && sameAs !== undefined ? [[sameAs, dismissed] as const] : [],
    ),
  );
}

type Dismissed = ReadonlyMap<string, ProblemStored['dismissed']>;

/** The same record that fails in the same way, with the same value, is let pass still; anything else is open. */
async function dismissAgain(tx: Tx, commit: ApplyCommit, passed: Dismissed): Promise<void> {
  if (passed.size === 0) return;
  const updates = singleKeys(commit, commit.decided.problems).flatMap(({ _id, sameAs }): Update[] => {
    const dismissed = sameAs === undefined ? undefined : passed.get(sameAs);
    return dismissed === undefined ? [] : [{ q: { _id }, u: { $set: { state: 'dismissed', dismissed } } }];
  });
  await updateExactly(tx, 'problems', updates);
}

/** In the transaction that retention's mark would conflict with: nothing is repaired whose pages are about to go. */
async function refuseExpired(tx: Tx, ref: RunRef): Promise<void> {
  const run = await readGuard<PackedStored>(tx, 'runs', idOf(ref.workspaceId, ref.runId), { undoExpired: 1 });
  if (!run || run['undoExpired'] === true)
    throw new Fenced('The pages of this run are kept no longer. Nothing was written.');
}

async function keepStates(
  tx: Tx,
  { ref, object }: Place,
  states: readonly Pick<PageState, 'seq' | 'marks' | 'notes'>[],
): Promise<void> {
  const updates = await Promise.all(
    states.map(async ({ seq, marks, notes }) => ({
      q: { _id: pageKey(ref, object, seq) },
      u: { $set: { marks, notes: await toBlob(notes) } },
    })),
  );
  await updateExactly(tx, 'pages', updates);
}

async function tell(tx: Tx, { ref, now }: ApplyCommit, part: RepairPart): Promise<void> {
  const { numbers, next } = part;
  const update = {
    $inc: {
      'repair.repaired': numbers.repaired,
      'repair.changed': numbers.changed,
      'repair.stillFailed': numbers.stillFailed,
      revision: 1,
    },
    $set: { 'repair.next': pack(next), updatedAt: now },
  };
  await updateExactly(tx, 'runs', [{ q: { _id: idOf(ref.workspaceId, ref.runId) }, u: update }]);
}

class Repeated extends Error {}

/** Safe to repeat: a source record whose mark has moved already answers `repeated`. */
async function untie(database: Database, commit: UntieCommit): Promise<ApplyResult> {
  const { ref, undone } = commit;
  const records = planRecords(ref.workspaceId, undone.writes, undone.bumps, undone.removals);
  try {
    await transact(database, async (tx) => {
      await moveUntied(tx, commit);
      await raiseTurn(tx, commit.turn);
      await changeRecords(tx, records);
      await removeRecords(tx, commit);
      await restoreLinks(tx, commit);
      await movePending(tx, commit);
      await refuseExpired(tx, ref);
      await keepStates(tx, commit, [commit.state]);
      await recount(tx, commit, commit.uncounted, [
        { severity: 'skipped', code: 'duplicate', message: DECIDED },
        ...commit.problems.map(({ externalId, message }) => ({
          ...({ severity: 'warning', code: 'merge_kept', externalId, message } as const),
        })),
      ]);
    });
    return 'applied';
  } catch (error) {
    if (error instanceof Repeated) return 'repeated';
    if (error instanceof Conflict || isDuplicateKey(error)) return 'conflict';
    throw error;
  }
}

const DECIDED =
  'A person decided about this likely duplicate. What the run had written for it was taken back.';

async function moveUntied(tx: Tx, commit: UntieCommit): Promise<void> {
  const { ref, object, epoch, state, now } = commit;
  await refuseOthers(tx, commit, epoch);
  const page = await readGuard<PageStored>(tx, 'pages', pageKey(ref, object, state.seq), { marks: 1 });
  if (page?.marks !== commit.before) throw new Repeated();
  const increments = countIncrements(commit.moved);
  const move = { $inc: { ...increments }, $set: { updatedAt: now } };
  await updateExactly(tx, 'transfers', [{ q: { _id: sideKey(ref, object, APPLY) }, u: move }]);
}
