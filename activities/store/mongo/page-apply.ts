import type { Binary } from 'mongodb';
import type { ApplyCommit, ApplyResult } from '../moving.js';
import { Fenced } from '../moving.js';
import type { StoredLink } from '../../records/types.js';
import type { ApplyStored, Database, JournalStored, PageStored } from './collections.js';
import { deleteAll, insertAll, updateAll, upsertAll, type Update } from './commands.js';
import { Conflict, isDuplicateKey } from './errors.js';
import { fingerprints } from './fingerprints.js';
import { readGuard } from './guards.js';
import { encodeJournal } from './journal.js';
import { toBlob } from './json.js';
import { encodeLink, linkKey, type LinkStored } from './link-codec.js';
import { writeProblems } from './page-problems.js';
import { pageKey } from './page-keys.js';
import { repairBooks } from './page-repair.js';
import {
  addPending,
  changeRecords,
  countLinks,
  pendingKey,
  planRecords,
  raiseTurn,
  type RecordPlan,
  updateExactly,
} from './page-writes.js';
import { transact, type Tx } from './transaction.js';
import { APPLY, countIncrements, sideKey } from './transfer-codec.js';

class Repeated extends Error {}

/**
 * THE page transaction: everything that one page does to the store, whole or not at all. Its guards are the apply side (our
 * epoch, and this page is its next), the page (not applied yet), the turn's counter (as read) and the version of every record
 * that was read. A guard that matches nothing is no error to the database, so each compares what it matched.
 *
 * Safe to repeat: a page that is applied stays as it is, and the answer is `repeated`.
 */
export async function applyPage(database: Database, commit: ApplyCommit): Promise<ApplyResult> {
  // A repair's page fetches nothing: it moves counts, and says beside them what it decided.
  const fetched = commit.repair ? 0 : commit.decided.counts.fetched;
  const counts = { ...commit.decided.counts, fetched, rows: commit.rows };
  const plan = once(() => planPage(commit));
  const blobs = once(() => encodeBlobs(commit));
  try {
    await transact(database, async (tx) => {
      // While the server is busy, the processor is used: documents are made beside the guards, the journal beside the records.
      const [{ records, links, fresh }] = await Promise.all([
        afterSending(plan),
        guard(tx, commit, countIncrements(commit.repair?.moved ?? counts)),
      ]);
      const [encoded] = await Promise.all([afterSending(blobs), insertAll(tx, 'records', records.inserts)]);
      await changeRecords(tx, records);
      await insertAll(tx, 'links', links.inserts);
      await updateExactly(tx, 'links', links.updates);
      await countLinks(tx, commit, links.inserts.length + (await markLinks(tx, links.marks)), links.gone);
      await insertAll(tx, 'journals', encoded.journal);
      const { duplicates, notes } = encoded;
      const kept = { ...(duplicates && { duplicates }), ...(notes && { notes }) };
      await markPage(tx, commit, { counts, ...kept });
      if (commit.repair) await repairBooks(tx, commit, commit.repair);
      else await writeProblems(tx, commit, commit.decided.problems);
      await addPending(tx, { ...commit, pending: commit.decided.pending, fresh });
      await settle(tx, commit);
    });
    return 'applied';
  } catch (error) {
    if (error instanceof Repeated) return 'repeated';
    if (error instanceof Conflict || isDuplicateKey(error)) return 'conflict';
    throw error;
  }
}

/** A transaction that runs again sends the same documents again. */
function once<T extends object>(make: () => T): () => T {
  let made: T | null = null;
  return () => (made ??= make());
}

/** Lets a command that was just handed to the driver leave before the processor is taken. */
async function afterSending<T>(work: () => T | Promise<T>): Promise<T> {
  await new Promise((resolve) => setImmediate(resolve));
  return work();
}

function planPage(commit: ApplyCommit): { records: RecordPlan; links: LinkPlan; fresh: Set<string> } {
  const records = planRecords(commit.ref.workspaceId, commit.decided.records, commit.decided.bumps);
  const fresh = new Set(records.inserts.map((record) => record._id));
  return { records, links: planLinks(commit), fresh };
}

interface Encoded {
  journal: JournalStored[];
  duplicates: Binary | null;
  notes: Binary | null;
}

async function encodeBlobs({ ref, object, seq, decided, kept }: ApplyCommit): Promise<Encoded> {
  const said = kept?.notes ?? [];
  const [journal, duplicates, notes] = await Promise.all([
    decided.journal.length === 0 ? [] : encodeJournal(ref, object, seq, decided.journal),
    decided.duplicates.length === 0 ? null : toBlob(decided.duplicates),
    said.length === 0 ? null : toBlob(said),
  ]);
  return { journal, duplicates, notes };
}

async function guard(tx: Tx, commit: ApplyCommit, increments: Record<string, number>): Promise<void> {
  await moveSide(tx, commit, increments);
  await raiseTurn(tx, commit.turn);
}

/** First of all, because it tells everybody who comes too late. */
async function moveSide(tx: Tx, commit: ApplyCommit, increments: Record<string, number>): Promise<void> {
  const key = sideKey(commit.ref, commit.object, APPLY);
  const side = await readGuard<ApplyStored>(tx, 'transfers', key, {
    ...{ epoch: 1, position: 1, closedFor: 1, repairing: 1 },
  });
  // A repair took a closed transfer over; whoever closes it again takes it back.
  if (side?.epoch !== commit.epoch || (side.closedFor !== null && side.repairing !== true)) {
    throw new Fenced(
      `Another attempt, or the end of this transfer, took over ${commit.object}. Nothing was written.`,
    );
  }
  if (side.position > commit.seq) throw new Repeated();
  if (side.position < commit.seq) {
    throw new Error(
      `Page ${commit.seq} of ${commit.object} is not the next one to apply: ${side.position} is.`,
    );
  }
  const move = {
    $inc: { position: 1, pages: 1, ...increments },
    $min: { firstAt: commit.now },
    $set: { lastAt: commit.now, updatedAt: commit.now },
  };
  await updateExactly(tx, 'transfers', [{ q: { _id: key }, u: move }]);
}

/** A page of the resolve step, or of a repair, has no source of its own: it comes into being when it is applied. */
async function markPage(
  tx: Tx,
  commit: ApplyCommit,
  facts: Pick<PageStored, 'counts' | 'duplicates' | 'notes'>,
): Promise<void> {
  const _id = pageKey(commit.ref, commit.object, commit.seq);
  if (commit.pageOrigin === 'resolve' || commit.pageOrigin === 'repair') {
    const page: PageStored = {
      _id,
      origin: commit.pageOrigin,
      n: 0,
      rows: 0,
      stagedAt: commit.now,
      appliedAt: commit.now,
      undoneAt: null,
      ...(commit.repair && { ids: fingerprints(commit.repair.externalIds) }),
      ...facts,
    };
    await insertAll(tx, 'pages', [page]);
    return;
  }
  // That it was not applied yet is what the side's position says: both only ever move in this transaction.
  const marked = await updateAll(tx, 'pages', [
    {
      q: { _id },
      u: { $set: { appliedAt: commit.now, ...(commit.kept && { marks: commit.kept.marks }), ...facts } },
    },
  ]);
  if (marked !== 1) {
    throw new Error(`Page ${commit.seq} of ${commit.object} was never staged. Nothing was written.`);
  }
}

interface LinkPlan {
  inserts: LinkStored[];
  updates: Update[];
  marks: LinkStored[];
  /** By how many those that are marked gone become more. */
  gone: number;
}

/**
 * The journal says which links were there before. A link that it does not name (a mark that this run saw it) is written
 * whether it is there or not.
 */
function planLinks(commit: ApplyCommit): LinkPlan {
  const before = new Map<string, boolean>();
  let gone = 0;
  for (const { linkBefore, linkAfter } of commit.decided.journal) {
    if (!linkAfter) continue;
    gone += Number(linkAfter.goneAt !== null) - Number((linkBefore?.goneAt ?? null) !== null);
    const key = linkKey(linkAfter);
    // The first entry of a page says whether the link was there before the page.
    if (!before.has(key)) before.set(key, linkBefore !== null);
  }
  const last = new Map<string, StoredLink>();
  for (const link of commit.decided.links) last.set(linkKey(link), link);
  const inserts: LinkStored[] = [];
  const updates: Update[] = [];
  const marks: LinkStored[] = [];
  for (const [key, link] of last) {
    const known = before.get(key);
    const doc = encodeLink(link);
    if (known === false) inserts.push(doc);
    else if (known) updates.push({ q: { _id: key }, u: doc });
    else marks.push(doc);
  }
  return { inserts, updates, marks, gone };
}

async function settle(tx: Tx, { ref, origin, settled }: ApplyCommit): Promise<void> {
  await deleteAll(
    tx,
    'pending',
    settled.map((pending) => pendingKey(ref.workspaceId, origin, pending)),
  );
}

/** How many of them were new. */
async function markLinks(tx: Tx, marks: readonly LinkStored[]): Promise<number> {
  if (marks.length === 0) return 0;
  return upsertAll(
    tx,
    'links',
    marks.map((link) => ({ q: { _id: link._id }, u: link })),
  );
}
